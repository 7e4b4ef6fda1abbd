#include "data/color_jitter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace seglab {
namespace {

/// ITU-R 601 luma in 65536ths, the weights of PIL's mode "L".
int Grey(const uint8_t* pixel) {
  return (19595 * pixel[0] + 38470 * pixel[1] + 7471 * pixel[2] + 32768) >> 16;
}

/// Applies value -> offset + factor * value to every byte.
cv::Mat Linear(const cv::Mat& image, double factor, double offset) {
  cv::Mat table(1, 256, CV_8UC1);
  for (int i = 0; i < 256; ++i) {
    table.at<uint8_t>(i) =
        static_cast<uint8_t>(std::lround(std::clamp(offset + factor * i, 0.0, 255.0)));
  }
  cv::Mat result;
  cv::LUT(image, table, result);
  return result;
}

double Factor(double range, RandomStream& random) {
  return random.Uniform(std::max(0.0, 1.0 - range), 1.0 + range);
}

}  // namespace

cv::Mat AdjustBrightness(const cv::Mat& image, double factor) { return Linear(image, factor, 0.0); }

cv::Mat AdjustContrast(const cv::Mat& image, double factor) {
  int64_t sum = 0;
  for (int y = 0; y < image.rows; ++y) {
    const uint8_t* pixel = image.ptr(y);
    int64_t row = 0;
    for (int x = 0; x < image.cols; ++x, pixel += 3) row += Grey(pixel);
    sum += row;
  }
  const double pixels = static_cast<double>(std::max<size_t>(image.total(), 1));
  const double mean = std::floor(static_cast<double>(sum) / pixels + 0.5);
  return Linear(image, factor, (1.0 - factor) * mean);
}

cv::Mat AdjustSaturation(const cv::Mat& image, double factor) {
  // 12 bits of the factor leave room for the largest one (101) times a difference of 255.
  constexpr int kBits = 12;
  const int weight = static_cast<int>(std::lround(factor * (1 << kBits)));
  cv::Mat result(image.size(), CV_8UC3);
  for (int y = 0; y < image.rows; ++y) {
    const uint8_t* in = image.ptr(y);
    uint8_t* out = result.ptr(y);
    for (int x = 0; x < image.cols; ++x, in += 3, out += 3) {
      const int grey = Grey(in);
      for (int c = 0; c < 3; ++c) {
        const int value = grey + (((in[c] - grey) * weight + (1 << (kBits - 1))) >> kBits);
        out[c] = static_cast<uint8_t>(std::clamp(value, 0, 255));
      }
    }
  }
  return result;
}

cv::Mat AdjustHue(const cv::Mat& image, double turns) {
  // The "full" conversions map the circle to 0..255, as PIL's HSV does.
  const int shift = static_cast<int>(std::lround(turns * 256.0)) & 255;
  cv::Mat hsv;
  cv::cvtColor(image, hsv, cv::COLOR_RGB2HSV_FULL);
  for (int y = 0; y < hsv.rows; ++y) {
    uint8_t* pixel = hsv.ptr(y);
    for (int x = 0; x < hsv.cols; ++x, pixel += 3)
      pixel[0] = static_cast<uint8_t>(pixel[0] + shift);
  }
  cv::Mat result;
  cv::cvtColor(hsv, result, cv::COLOR_HSV2RGB_FULL);
  return result;
}

cv::Mat JitterColors(const cv::Mat& image, const ColorJitter& jitter, RandomStream& random) {
  std::array<int, 4> order = {0, 1, 2, 3};
  for (int i = 3; i > 0; --i) std::swap(order[i], order[random.Int(i + 1)]);
  const double brightness = Factor(jitter.brightness, random);
  const double contrast = Factor(jitter.contrast, random);
  const double saturation = Factor(jitter.saturation, random);
  const double hue = random.Uniform(-jitter.hue, jitter.hue);
  cv::Mat result = image;
  for (const int change : order) {
    if (change == 0 && jitter.brightness > 0) result = AdjustBrightness(result, brightness);
    if (change == 1 && jitter.contrast > 0) result = AdjustContrast(result, contrast);
    if (change == 2 && jitter.saturation > 0) result = AdjustSaturation(result, saturation);
    if (change == 3 && jitter.hue > 0) result = AdjustHue(result, hue);
  }
  return result;
}

}  // namespace seglab
