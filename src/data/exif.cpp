#include "data/exif.h"

#include <array>
#include <cstdint>
#include <opencv2/core.hpp>

namespace seglab {
namespace {

/// Unsigned numbers at places of a text; 0 beyond its end.
class Numbers {
 public:
  Numbers(std::string_view bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}
  uint32_t At(size_t at, int count) const {
    if (at > bytes_.size() || bytes_.size() - at < static_cast<size_t>(count)) return 0;
    uint32_t value = 0;
    for (int i = 0; i < count; ++i) {
      const int place = big_endian_ ? i : count - 1 - i;
      value = value << 8 | static_cast<uint8_t>(bytes_[at + place]);
    }
    return value;
  }

 private:
  std::string_view bytes_;
  bool big_endian_;
};

/// Of a TIFF header and its first directory (EXIF 2.3, 4.5 and 4.6).
int OrientationOfTiff(std::string_view tiff) {
  constexpr uint32_t kOrientation = 0x0112, kShort = 3;
  const bool big = tiff.substr(0, 4) == std::string_view("MM\0*", 4);
  if (!big && tiff.substr(0, 4) != std::string_view("II*\0", 4)) return 1;
  const Numbers numbers(tiff, big);
  const size_t directory = numbers.At(4, 4);
  const uint32_t count = numbers.At(directory, 2);
  for (uint32_t i = 0; i < count; ++i) {
    const size_t entry = directory + 2 + size_t{12} * i;
    if (entry + 12 > tiff.size()) break;
    if (numbers.At(entry, 2) != kOrientation || numbers.At(entry + 2, 2) != kShort) continue;
    const uint32_t value = numbers.At(entry + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

/// EXIF behind its title, which some writers repeat outside of JPEG.
int OrientationOfExif(std::string_view exif) {
  constexpr std::string_view kTitle("Exif\0\0", 6);
  if (exif.substr(0, kTitle.size()) == kTitle) exif.remove_prefix(kTitle.size());
  return OrientationOfTiff(exif);
}

int OrientationOfJpeg(std::string_view bytes) {
  const Numbers numbers(bytes, true);
  size_t at = 2;
  while (at + 4 <= bytes.size() && static_cast<uint8_t>(bytes[at]) == 0xff) {
    const auto marker = static_cast<uint8_t>(bytes[at + 1]);
    if (marker == 0xff) {  // fill
      ++at;
      continue;
    }
    if (marker == 0xda || marker == 0xd9) break;
    const size_t length = numbers.At(at + 2, 2);
    if (marker == 0xe1 && bytes.substr(at + 4, 6) == std::string_view("Exif\0\0", 6))
      return OrientationOfExif(bytes.substr(at + 4, length < 2 ? 0 : length - 2));
    at += 2 + length;
  }
  return 1;
}

/// Of a file in chunks: `length` and name, in either order.
int OrientationOfChunks(std::string_view bytes, size_t at, bool png) {
  const Numbers numbers(bytes, png);
  while (at + 8 <= bytes.size()) {
    const size_t length = numbers.At(png ? at : at + 4, 4);
    const std::string_view name = bytes.substr(png ? at + 4 : at, 4);
    if (name == (png ? "eXIf" : "EXIF")) return OrientationOfExif(bytes.substr(at + 8, length));
    at += 8 + length + (png ? 4 : length % 2);  // a checksum; filled up to even
  }
  return 1;
}

}  // namespace

int ExifOrientation(std::string_view bytes) {
  if (bytes.substr(0, 3) == "\xff\xd8\xff") return OrientationOfJpeg(bytes);
  if (bytes.substr(0, 4) == "\x89PNG") return OrientationOfChunks(bytes, 8, true);
  if (bytes.size() >= 12 && bytes.substr(0, 4) == "RIFF" && bytes.substr(8, 4) == "WEBP")
    return OrientationOfChunks(bytes, 12, false);
  return 1;
}

cv::Mat Upright(const cv::Mat& stored, int orientation) {
  cv::Mat seen = stored;
  if (orientation >= 5) cv::transpose(stored, seen);
  // How the picture, transposed or not, is still to be flipped; OpenCV's codes.
  constexpr int kNot = 2, kUpDown = 0, kLeftRight = 1, kBoth = -1;
  constexpr std::array<int, 9> kFlips = {kNot, kNot,       kLeftRight, kBoth,  kUpDown,
                                         kNot, kLeftRight, kBoth,      kUpDown};
  const int flip = kFlips.at(orientation);
  if (flip == kNot) return seen;
  cv::Mat flipped;
  cv::flip(seen, flipped, flip);
  return flipped;
}

const char* OrientationText(int orientation) {
  switch (orientation) {
    case 3:
      return "turned by 180 degrees";
    case 6:
    case 8:
      return "turned by 90 degrees";
    case 5:
    case 7:
      return "turned by 90 degrees and mirrored";
    default:
      return "mirrored";
  }
}

}  // namespace seglab
