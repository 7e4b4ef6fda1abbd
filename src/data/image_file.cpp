#include "data/image_file.h"

#include <algorithm>
#include <new>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "data/png_codec.h"

namespace seglab {
namespace {

bool IsJpeg(std::string_view bytes) { return bytes.substr(0, 3) == "\xff\xd8\xff"; }

/// True when an end-of-image marker follows a scan; bytes behind it do not matter. libjpeg fills
/// what a truncated file lacks with grey and only warns, so OpenCV returns such a picture as a good
/// one. Segments are skipped by their length: thumbnails inside them have end markers of their own.
bool JpegIsComplete(std::string_view bytes) {
  bool scan_seen = false;
  size_t at = 2;  // behind start-of-image
  for (;;) {
    at = bytes.find('\xff', at);
    if (at != std::string_view::npos) at = bytes.find_first_not_of('\xff', at);
    if (at == std::string_view::npos) return false;
    const auto marker = static_cast<uint8_t>(bytes[at++]);
    const bool stuffed = marker == 0x00;
    const bool stands_alone = marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    if (stuffed || stands_alone) continue;
    if (marker == 0xd9) return scan_seen;
    scan_seen = scan_seen || marker == 0xda;
    if (at + 2 > bytes.size()) return false;
    at += static_cast<uint8_t>(bytes[at]) * 256u + static_cast<uint8_t>(bytes[at + 1]);
  }
}

/// The extension in lower case, with its dot: ".png".
std::string Extension(const std::string& path) {
  const size_t dot = path.find_last_of("./");
  if (dot == std::string::npos || path[dot] != '.') return "";
  std::string extension = path.substr(dot);
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return extension;
}

}  // namespace

cv::Mat ReadImage(const std::string& path) {
  std::string bytes = ReadFile(path);
  if (bytes.empty()) throw Error(path, ": is empty, copy or make it again");
  if (IsPng(bytes)) return DecodePngRgb(bytes, path);
  if (IsJpeg(bytes) && !JpegIsComplete(bytes)) {
    throw Error(path,
                ": is a truncated JPEG file (no end marker behind the picture); copy it again");
  }
  cv::Mat image;
  std::string reason = "unknown format or broken content";
  try {
    const cv::Mat buffer(1, static_cast<int>(bytes.size()), CV_8UC1, bytes.data());
    image = cv::imdecode(buffer, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception& e) {
    reason = e.err;
  } catch (const std::bad_alloc&) {
    reason = "not enough memory";
  }
  if (image.empty()) {
    std::replace(reason.begin(), reason.end(), '\n', ' ');
    throw Error(path, ": cannot be read as an image (", reason, "); JPEG, PNG and BMP are known");
  }
  cv::cvtColor(image, image, cv::COLOR_BGR2RGB);
  return image;
}

void WriteImage(const std::string& path, const cv::Mat& rgb) {
  const std::string extension = Extension(path);
  if (extension != ".png" && extension != ".jpg" && extension != ".jpeg") {
    throw Error(path, ": images are written as .png, .jpg or .jpeg, not as \"", extension, "\"");
  }
  if (rgb.empty() || rgb.type() != CV_8UC3) throw std::logic_error("WriteImage needs CV_8UC3");
  cv::Mat bgr;
  cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
  std::vector<uint8_t> bytes;
  try {
    cv::imencode(extension, bgr, bytes);
  } catch (const cv::Exception& e) {
    throw Error(path, ": cannot be written as an image (", e.err, ")");
  }
  WriteFileAtomically(path,
                      std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace seglab
