#pragma once

#include <algorithm>
#include <cstdint>
#include <opencv2/core.hpp>

#include "base/random.h"

namespace seglab {

/// Overlapping blocks of random colours with a little noise, CV_8UC3.
inline cv::Mat BlockImage(int height, int width, uint64_t seed) {
  RandomStream random(seed);
  const auto color = [&random] {
    return cv::Scalar(static_cast<double>(random.Int(256)), static_cast<double>(random.Int(256)),
                      static_cast<double>(random.Int(256)));
  };
  cv::Mat image(height, width, CV_8UC3, color());
  for (int i = 0; i < 12; ++i) {
    const int x = static_cast<int>(random.Int(width)), y = static_cast<int>(random.Int(height));
    const int w = static_cast<int>(random.Int(width / 2) + 1);
    const int h = static_cast<int>(random.Int(height / 2) + 1);
    image(cv::Rect(x, y, w, h) & cv::Rect(0, 0, width, height)).setTo(color());
  }
  for (auto pixel = image.begin<cv::Vec3b>(); pixel != image.end<cv::Vec3b>(); ++pixel) {
    for (int c = 0; c < 3; ++c) {
      (*pixel)[c] =
          static_cast<uint8_t>(std::clamp<int64_t>((*pixel)[c] + random.Int(-4, 4), 0, 255));
    }
  }
  return image;
}

}  // namespace seglab
