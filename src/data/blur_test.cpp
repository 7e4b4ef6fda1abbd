#include "data/blur.h"

#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/core.hpp>

#include "base/random.h"
#include "data/test_images.h"

namespace seglab {
namespace {

cv::Mat Specks(int height, int width) {
  cv::Mat image(height, width, CV_8UC3);
  RandomStream random(8);
  for (auto it = image.begin<cv::Vec3b>(); it != image.end<cv::Vec3b>(); ++it) {
    for (int c = 0; c < 3; ++c) (*it)[c] = static_cast<uint8_t>(random.Chance(0.5) ? 255 : 0);
  }
  return image;
}

TEST(Blurred, IsAConvolutionInDoublePrecision) {
  for (const cv::Size& size : {cv::Size(1, 1), cv::Size(7, 5), cv::Size(31, 3), cv::Size(20, 24)}) {
    const cv::Mat image = Specks(size.height, size.width);
    for (const double sigma : {0.2, 0.5, 1.0, 2.0, 4.7}) {
      const cv::Mat blurred = Blurred(image, sigma);
      const int radius = static_cast<int>(4 * sigma + 0.5);
      for (int y = 0; y < size.height; ++y) {
        for (int x = 0; x < size.width; ++x) {
          cv::Vec3d sum;
          double weights = 0;
          for (int v = -radius; v <= radius; ++v) {
            for (int u = -radius; u <= radius; ++u) {
              const double weight = std::exp(-(u * u + v * v) / (2 * sigma * sigma));
              const cv::Vec3b pixel = image.at<cv::Vec3b>(
                  cv::borderInterpolate(y + v, size.height, cv::BORDER_REFLECT_101),
                  cv::borderInterpolate(x + u, size.width, cv::BORDER_REFLECT_101));
              sum += weight * cv::Vec3d(pixel);
              weights += weight;
            }
          }
          for (int c = 0; c < 3; ++c)
            EXPECT_NEAR(blurred.at<cv::Vec3b>(y, x)[c], sum[c] / weights, 0.501)
                << size << " " << sigma;
        }
      }
    }
  }
}

TEST(Blurred, SmallSigmaIsNothing) {
  const cv::Mat image = Specks(9, 9);
  EXPECT_TRUE(SamePixels(Blurred(image, 0), image));
  EXPECT_TRUE(SamePixels(Blurred(image, 0.1), image));
}

TEST(Blurred, SeesNothingBeyondAPart) {
  const cv::Mat part = Specks(40, 40)(cv::Rect(10, 12, 15, 13));
  EXPECT_TRUE(SamePixels(Blurred(part, 1.5), Blurred(part.clone(), 1.5)));
}

}  // namespace
}  // namespace seglab
