#include "report/picture_cells.h"

#include <functional>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "data/encode.h"
#include "data/image_file.h"
#include "data/masks.h"
#include "report/html.h"

namespace seglab {
namespace {

constexpr int kJpegQuality = 82;
// Smaller pictures are drawn enlarged and keep their square pixels.
constexpr int kSmall = 160;

std::string Img(const std::string& uri, const std::string& description, const std::string& style) {
  return "<img alt=\"" + EscapeHtml(description) + "\"" +
         (style.empty() ? "" : " class=\"" + style + "\"") + " src=\"" + uri + "\">";
}

std::string OrNothing(const std::string& path, const std::function<std::string()>& make) {
  if (path.empty() || !FileExists(path)) return "";
  try {
    return make();
  } catch (const Error& error) {
    Log::Warn("the report leaves out a picture: ", error.what());
    return "";
  }
}

std::string StyleOf(int width) { return width < kSmall ? "small" : ""; }

}  // namespace

std::string PhotoHtml(const std::string& path, const std::string& description, int side) {
  return OrNothing(path, [&] {
    const cv::Mat photo = ReadImage(path);
    const std::string bytes = EncodeJpeg(ShrinkImage(photo, side, side), kJpegQuality);
    return Img(DataUri("image/jpeg", bytes), description, StyleOf(photo.cols));
  });
}

std::string MaskHtml(const std::string& path, const std::string& description,
                     const LabelSet& labels, int side) {
  return OrNothing(path, [&] {
    const cv::Mat mask = ReadMask(path);
    const std::string bytes = EncodeMaskPng(ShrinkMask(mask, side, side), labels);
    return Img(DataUri("image/png", bytes), description, StyleOf(mask.cols));
  });
}

std::string ErrorsHtml(const std::string& prediction, const std::string& truth, int side) {
  return OrNothing(FileExists(truth) ? prediction : "", [&]() -> std::string {
    const cv::Mat said = ReadMask(prediction), right = ReadMask(truth);
    if (said.size() != right.size()) return "";
    const std::string bytes =
        EncodeErrorsPng(ShrinkMask(said, side, side), ShrinkMask(right, side, side));
    const std::string small = StyleOf(said.cols);
    return Img(DataUri("image/png", bytes), "", small.empty() ? "errors" : "errors " + small);
  });
}

}  // namespace seglab
