#include "data/image_file.h"

#include <algorithm>
#include <fstream>
#include <new>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "data/exif.h"
#include "data/jpeg_codec.h"
#include "data/png_codec.h"

namespace seglab {
namespace {

/// The extension in lower case, with its dot: ".png".
std::string Extension(const std::string& path) {
  const size_t dot = path.find_last_of("./");
  if (dot == std::string::npos || path[dot] != '.') return "";
  std::string extension = path.substr(dot);
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return extension;
}

cv::Mat DecodeOther(std::string& bytes, const std::string& path) {
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
    throw Error(path, ": cannot be read as an image (", reason,
                "); JPEG, PNG, WebP, TIFF and BMP are known");
  }
  cv::cvtColor(image, image, cv::COLOR_BGR2RGB);
  return image;
}

}  // namespace

cv::Mat ReadImage(const std::string& path, ImageView view, int* orientation) {
  std::string bytes = ReadFile(path);
  if (bytes.empty()) throw Error(path, ": is empty, copy or make it again");
  const int turned = ExifOrientation(bytes);
  if (orientation != nullptr) *orientation = turned;
  const cv::Mat stored = IsPng(bytes)    ? DecodePngRgb(bytes, path)
                         : IsJpeg(bytes) ? DecodeJpegRgb(bytes, path)
                                         : DecodeOther(bytes, path);
  return view == ImageView::kAsSeen ? Upright(stored, turned) : stored;
}

int ReadOrientation(const std::string& path) {
  std::string head(size_t{1} << 17, '\0');  // EXIF stands in front, and in at most 64 KiB
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path, ": cannot be read; check the path");
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(file.gcount());
  return ExifOrientation(head);
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
