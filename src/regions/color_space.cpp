#include "regions/color_space.h"

#include <cstdint>
#include <opencv2/imgproc.hpp>

namespace seglab {
namespace {

/// a / b to the nearest integer, halves up.
int Rounded(int a, int b) { return (2 * a + b) / (2 * b); }

cv::Mat ToRgi(const cv::Mat& rgb) {
  cv::Mat out(rgb.size(), CV_8UC3);
  for (int y = 0; y < rgb.rows; ++y) {
    const auto* in = rgb.ptr<uint8_t>(y);
    auto* to = out.ptr<uint8_t>(y);
    for (int i = 0; i < 3 * rgb.cols; i += 3) {
      const int sum = in[i] + in[i + 1] + in[i + 2];
      to[i] = static_cast<uint8_t>(sum == 0 ? 85 : Rounded(255 * in[i], sum));
      to[i + 1] = static_cast<uint8_t>(sum == 0 ? 85 : Rounded(255 * in[i + 1], sum));
      to[i + 2] = static_cast<uint8_t>(Rounded(sum, 3));
    }
  }
  return out;
}

cv::Mat ToIntensity(const cv::Mat& rgb) {
  cv::Mat out(rgb.size(), CV_8UC1);
  for (int y = 0; y < rgb.rows; ++y) {
    const auto* in = rgb.ptr<uint8_t>(y);
    auto* to = out.ptr<uint8_t>(y);
    for (int x = 0; x < rgb.cols; ++x) {
      to[x] = static_cast<uint8_t>(Rounded(in[3 * x] + in[3 * x + 1] + in[3 * x + 2], 3));
    }
  }
  return out;
}

}  // namespace

const std::vector<ColorSpaceRow>& ColorSpaceRows() {
  static const std::vector<ColorSpaceRow> rows = {{ColorSpace::kHsv, "Hsv"},
                                                  {ColorSpace::kLab, "Lab"},
                                                  {ColorSpace::kRgi, "RGI"},
                                                  {ColorSpace::kHue, "H"},
                                                  {ColorSpace::kIntensity, "Intensity"}};
  return rows;
}

cv::Mat ToColorSpace(const cv::Mat& rgb, ColorSpace space) {
  cv::Mat out;
  switch (space) {
    case ColorSpace::kHsv:
      cv::cvtColor(rgb, out, cv::COLOR_RGB2HSV_FULL);
      break;
    case ColorSpace::kLab:
      cv::cvtColor(rgb, out, cv::COLOR_RGB2Lab);
      break;
    case ColorSpace::kRgi:
      out = ToRgi(rgb);
      break;
    case ColorSpace::kHue: {
      cv::Mat hsv;
      cv::cvtColor(rgb, hsv, cv::COLOR_RGB2HSV_FULL);
      cv::extractChannel(hsv, out, 0);
      break;
    }
    case ColorSpace::kIntensity:
      out = ToIntensity(rgb);
      break;
  }
  return out;
}

}  // namespace seglab
