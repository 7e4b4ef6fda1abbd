#include "data/encode.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "data/png_codec.h"

namespace seglab {
namespace {

cv::Mat Shrink(const cv::Mat& from, int width, int height, int interpolation) {
  if (from.empty() || width < 1 || height < 1) throw std::logic_error("Shrink needs pixels");
  const double scale = std::min(
      {1.0, static_cast<double>(width) / from.cols, static_cast<double>(height) / from.rows});
  if (scale == 1.0) return from;
  const cv::Size size(std::max(1, static_cast<int>(std::lround(from.cols * scale))),
                      std::max(1, static_cast<int>(std::lround(from.rows * scale))));
  cv::Mat small;
  cv::resize(from, small, size, 0, 0, interpolation);
  return small;
}

}  // namespace

cv::Mat ShrinkImage(const cv::Mat& rgb, int width, int height) {
  return Shrink(rgb, width, height, cv::INTER_AREA);
}

cv::Mat ShrinkMask(const cv::Mat& mask, int width, int height) {
  return Shrink(mask, width, height, cv::INTER_NEAREST);
}

std::string EncodeJpeg(const cv::Mat& rgb, int quality) {
  if (rgb.empty() || rgb.type() != CV_8UC3) throw std::logic_error("EncodeJpeg needs CV_8UC3");
  cv::Mat bgr;
  cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
  std::vector<uint8_t> bytes;
  cv::imencode(".jpg", bgr, bytes, {cv::IMWRITE_JPEG_QUALITY, quality});
  return std::string(bytes.begin(), bytes.end());
}

std::string EncodeMaskPng(const cv::Mat& mask, const LabelSet& labels) {
  if (mask.empty() || mask.type() != CV_8UC1) throw std::logic_error("EncodeMaskPng needs CV_8UC1");
  std::vector<Color> palette(256);
  for (int i = 0; i < 256; ++i) palette[i] = MaskColor(labels, i);
  return EncodePngIndices(mask, palette, "mask");
}

std::string EncodeErrorsPng(const cv::Mat& labels, const cv::Mat& truth) {
  if (labels.type() != CV_8UC1 || truth.type() != CV_8UC1 || labels.size() != truth.size())
    throw std::logic_error("EncodeErrorsPng needs two CV_8UC1 of one size");
  cv::Mat cover(labels.size(), CV_8UC4, cv::Scalar(0, 0, 0, 0));
  cover.setTo(cv::Scalar(140, 136, 132, 235), (labels == truth) | (truth == kIgnoreLabel));
  std::vector<uint8_t> bytes;
  cv::imencode(".png", cover, bytes, {cv::IMWRITE_PNG_COMPRESSION, 9});
  return std::string(bytes.begin(), bytes.end());
}

std::string PixelHash(const cv::Mat& pixels) {
  const cv::Mat whole = pixels.isContinuous() ? pixels : pixels.clone();
  return HashHex(std::string_view(reinterpret_cast<const char*>(whole.data),
                                  whole.total() * whole.elemSize()));
}

}  // namespace seglab
