#include "regions/descriptors.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace seglab {
namespace {

constexpr int kAxes = kOrientations / 2;
constexpr int kMiddle = kTextureBins - 1;  // the code of no derivative
constexpr int kCodes = 2 * kMiddle + 1;    // of a signed derivative
// Derivatives beyond are in the last bin. The steepest edge, from 0 to 255, has twice as much,
// 255 / sqrt(2 pi); on VOC's train images any range from 13 to 102 covers objects about as well.
constexpr float kRange = 51;
constexpr int kPadding = 16;

int Padded(int length) { return (length + kPadding - 1) / kPadding * kPadding; }

/// A Gaussian of sigma 1 and its derivative (a ramp of slope 1 gives 1), 7 values each.
struct GaussianKernels {
  cv::Mat smooth = cv::Mat(1, 7, CV_32F), derivative = cv::Mat(1, 7, CV_32F);

  GaussianKernels() {
    double sum = 0, slope = 0;
    for (int x = -3; x <= 3; ++x) {
      const double g = std::exp(-0.5 * x * x);
      sum += g;
      slope += x * x * g;
    }
    for (int x = -3; x <= 3; ++x) {
      const double g = std::exp(-0.5 * x * x);
      smooth.at<float>(x + 3) = static_cast<float>(g / sum);
      derivative.at<float>(x + 3) = static_cast<float>(x * g / slope);
    }
  }
};

uint8_t Code(float derivative) {
  const float bins = derivative * (kTextureBins / kRange);
  constexpr auto kLast = static_cast<float>(kMiddle);
  return static_cast<uint8_t>(kMiddle + static_cast<int>(std::clamp(bins, -kLast, kLast)));
}

}  // namespace

PixelBins::PixelBins(const cv::Mat& image)
    : channels_(image.channels()),
      color_(image.size(), CV_8UC(channels_)),
      texture_(image.size(), CV_8UC(kAxes * channels_)) {
  cv::Mat bin_of(1, 256, CV_8U);
  for (int v = 0; v < 256; ++v) bin_of.at<uint8_t>(v) = static_cast<uint8_t>(v * kColorBins / 256);
  cv::LUT(image, bin_of, color_);

  const GaussianKernels kernels;
  cv::Mat values, across, down;
  image.convertTo(values, CV_32F);
  cv::sepFilter2D(values, across, CV_32F, kernels.derivative, kernels.smooth, cv::Point(-1, -1), 0,
                  cv::BORDER_REPLICATE);
  cv::sepFilter2D(values, down, CV_32F, kernels.smooth, kernels.derivative, cv::Point(-1, -1), 0,
                  cv::BORDER_REPLICATE);
  constexpr auto kDiagonal = 0.70710678f;
  for (int y = 0; y < image.rows; ++y) {
    const auto* dx = across.ptr<float>(y);
    const auto* dy = down.ptr<float>(y);
    auto* out = texture_.ptr<uint8_t>(y);
    for (int i = 0; i < image.cols * channels_; ++i) {
      out[kAxes * i] = Code(dx[i]);
      out[kAxes * i + 1] = Code(kDiagonal * (dx[i] + dy[i]));
      out[kAxes * i + 2] = Code(dy[i]);
      out[kAxes * i + 3] = Code(kDiagonal * (dy[i] - dx[i]));
    }
  }
}

Extent Union(const Extent& a, const Extent& b) {
  return {std::min(a.x0, b.x0), std::min(a.y0, b.y0), std::max(a.x1, b.x1), std::max(a.y1, b.y1)};
}

RegionTable Describe(const PixelBins& bins, const Segments& segments) {
  const auto n = static_cast<size_t>(segments.count);
  const auto channels = static_cast<size_t>(bins.channels());
  const size_t values = kAxes * channels;
  RegionTable table;
  table.color_length = Padded(static_cast<int>(channels) * kColorBins);
  table.texture_length = Padded(static_cast<int>(channels) * kOrientations * kTextureBins);
  table.size.assign(n, 0);
  table.extent.assign(n, {segments.map.cols, segments.map.rows, 0, 0});
  const auto color_length = static_cast<size_t>(table.color_length);
  const auto texture_length = static_cast<size_t>(table.texture_length);

  std::vector<uint32_t> color(n * channels * kColorBins, 0), codes(n * values * kCodes, 0);
  for (int y = 0; y < segments.map.rows; ++y) {
    const auto* map = segments.map.ptr<int>(y);
    const auto* color_bin = bins.color().ptr<uint8_t>(y);
    const auto* code = bins.texture().ptr<uint8_t>(y);
    for (int x = 0; x < segments.map.cols; ++x) {
      const auto s = static_cast<size_t>(map[x]);
      ++table.size[s];
      Extent& extent = table.extent[s];
      extent = Union(extent, {x, y, x + 1, y + 1});
      uint32_t* counts = color.data() + s * channels * kColorBins;
      for (size_t c = 0; c < channels; ++c) ++counts[c * kColorBins + *color_bin++];
      counts = codes.data() + s * values * kCodes;
      for (size_t v = 0; v < values; ++v) ++counts[v * kCodes + *code++];
    }
  }

  table.color.assign(n * color_length, 0.0f);
  table.texture.assign(n * texture_length, 0.0f);
  for (size_t s = 0; s < n; ++s) {
    const auto size = static_cast<uint32_t>(table.size[s]);
    const float color_unit = 1.0f / static_cast<float>(size * channels);
    const uint32_t* counts = color.data() + s * channels * kColorBins;
    float* out = table.color.data() + s * color_length;
    for (size_t i = 0; i < channels * kColorBins; ++i) {
      out[i] = static_cast<float>(counts[i]) * color_unit;
    }
    const float texture_unit = 1.0f / static_cast<float>(size * channels * kOrientations);
    out = table.texture.data() + s * texture_length;
    for (size_t v = 0; v < values; ++v) {
      counts = codes.data() + (s * values + v) * kCodes;
      const size_t channel = v / kAxes, axis = v % kAxes;
      float* along = out + (channel * kOrientations + axis) * kTextureBins;
      float* against = along + kAxes * kTextureBins;
      uint32_t forward = 0, backward = 0;
      for (size_t b = 1; b < kTextureBins; ++b) {
        forward += counts[kMiddle + b];
        backward += counts[kMiddle - b];
        along[b] = static_cast<float>(counts[kMiddle + b]) * texture_unit;
        against[b] = static_cast<float>(counts[kMiddle - b]) * texture_unit;
      }
      along[0] = static_cast<float>(size - forward) * texture_unit;
      against[0] = static_cast<float>(size - backward) * texture_unit;
    }
  }
  return table;
}

float Intersection(const float* a, const float* b, int length) {
  float sums[kPadding] = {};
  for (int i = 0; i < length; i += kPadding) {
    for (int j = 0; j < kPadding; ++j) sums[j] += std::min(a[i + j], b[i + j]);
  }
  for (int half = kPadding / 2; half > 0; half /= 2) {
    for (int j = 0; j < half; ++j) sums[j] += sums[j + half];
  }
  return sums[0];
}

}  // namespace seglab
