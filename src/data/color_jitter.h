#pragma once

#include <opencv2/core/mat.hpp>

#include "base/random.h"

namespace seglab {

/// Random changes of color as in torchvision's ColorJitter: the factors of brightness, contrast and
/// saturation are uniform in [max(0, 1 - x), 1 + x], the hue turns by a share of the circle uniform
/// in
/// [-hue, hue], in random order. 0 leaves its property alone.
struct ColorJitter {
  double brightness = 0.0;
  double contrast = 0.0;
  double saturation = 0.0;
  double hue = 0.0;  ///< at most 0.5
};

/// The changed image; the image itself when nothing changes.
/// @param image  H x W, CV_8UC3, R G B
cv::Mat JitterColors(const cv::Mat& image, const ColorJitter& jitter, RandomStream& random);

/// Multiplies by `factor`.
cv::Mat AdjustBrightness(const cv::Mat& image, double factor);
/// Blends with the mean grey: 0 is all grey, 1 the image.
cv::Mat AdjustContrast(const cv::Mat& image, double factor);
/// Blends with the grey image: 0 is grey, 1 the image.
cv::Mat AdjustSaturation(const cv::Mat& image, double factor);
/// Turns the hue by `turns` of the circle.
cv::Mat AdjustHue(const cv::Mat& image, double turns);

}  // namespace seglab
