#include "data/overlay.h"

#include <algorithm>
#include <stdexcept>

#include "base/error.h"

namespace seglab {
namespace {

std::vector<Color> AllColors(const LabelSet& labels) {
  std::vector<Color> colors(256);
  for (int i = 0; i < 256; ++i) colors[i] = MaskColor(labels, i);
  return colors;
}

}  // namespace

cv::Mat ColorizeMask(const cv::Mat& mask, const LabelSet& labels) {
  if (mask.type() != CV_8UC1) throw std::logic_error("ColorizeMask needs CV_8UC1");
  const std::vector<Color> colors = AllColors(labels);
  cv::Mat out(mask.size(), CV_8UC3);
  for (int y = 0; y < mask.rows; ++y) {
    const uint8_t* from = mask.ptr<uint8_t>(y);
    uint8_t* to = out.ptr<uint8_t>(y);
    for (int x = 0; x < mask.cols; ++x) {
      std::copy(colors[from[x]].begin(), colors[from[x]].end(), to + 3 * x);
    }
  }
  return out;
}

cv::Mat Overlay(const cv::Mat& image, const cv::Mat& mask, const LabelSet& labels, double alpha,
                bool skip_background) {
  if (image.type() != CV_8UC3 || mask.type() != CV_8UC1 || image.size() != mask.size()) {
    throw std::logic_error("Overlay needs an image CV_8UC3 and a mask CV_8UC1 of the same size");
  }
  if (!(alpha >= 0.0 && alpha <= 1.0)) {
    throw Error("overlay: alpha is ", alpha, ", it must lie in 0 to 1");
  }
  const std::vector<Color> colors = AllColors(labels);
  const int strength = static_cast<int>(alpha * 256.0 + 0.5);
  cv::Mat out = image.clone();
  for (int y = 0; y < mask.rows; ++y) {
    const uint8_t* label = mask.ptr<uint8_t>(y);
    uint8_t* pixel = out.ptr<uint8_t>(y);
    for (int x = 0; x < mask.cols; ++x, pixel += 3) {
      if (label[x] == kIgnoreLabel || (skip_background && label[x] == 0)) continue;
      for (int c = 0; c < 3; ++c) {
        const int mixed = pixel[c] * (256 - strength) + colors[label[x]][c] * strength;
        pixel[c] = static_cast<uint8_t>((mixed + 128) >> 8);
      }
    }
  }
  return out;
}

}  // namespace seglab
