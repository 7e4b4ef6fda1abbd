#include "data/noise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/core.hpp>
#include <vector>

#include "data/test_images.h"

namespace seglab {
namespace {

constexpr int kSide = 400;

/// What is added to a grey of 128, channel by channel and row by row.
std::vector<double> NoiseOf(double sigma, bool grey, uint64_t seed) {
  const cv::Mat image(kSide, kSide, CV_8UC3, cv::Scalar::all(128));
  RandomStream random(seed);
  const cv::Mat noisy = Noisy(image, sigma, grey, random);
  std::vector<double> noise;
  for (int c = 0; c < 3; ++c) {
    for (auto it = noisy.begin<cv::Vec3b>(); it != noisy.end<cv::Vec3b>(); ++it)
      noise.push_back((*it)[c] - 128.0);
  }
  return noise;
}

/// The mean of the product of numbers that lie so far apart.
double Product(const std::vector<double>& numbers, size_t apart) {
  double sum = 0;
  for (size_t i = 0; i + apart < numbers.size(); ++i) sum += numbers[i] * numbers[i + apart];
  return sum / static_cast<double>(numbers.size() - apart);
}

TEST(Noisy, IsNormal) {
  for (const double sigma : {0.7, 5.0, 20.0}) {
    const std::vector<double> noise = NoiseOf(sigma, false, 2);
    const double count = static_cast<double>(noise.size());
    const double variance = sigma * sigma + 1 / 12.0;  // with what rounding adds
    double sum = 0, fourth = 0, beyond = 0;
    for (const double x : noise) {
      sum += x;
      fourth += x * x * x * x;
      beyond += std::abs(x) > 1.5 * sigma ? 1 : 0;
    }
    // Five standard errors.
    EXPECT_NEAR(sum / count, 0, 5 * std::sqrt(variance / count)) << sigma;
    EXPECT_NEAR(Product(noise, 0) / variance, 1, 5 * std::sqrt(2 / count) + 1e-3) << sigma;
    if (sigma < 1) continue;  // rounding is most of it
    EXPECT_NEAR(fourth / count / (variance * variance), 3, 0.1) << sigma;
    EXPECT_NEAR(beyond / count, 0.1336, 0.02) << sigma;
  }
}

TEST(Noisy, PixelsAndChannelsAreIndependent) {
  const std::vector<double> noise = NoiseOf(10, false, 3);
  const double error = 5 * 100 / std::sqrt(static_cast<double>(noise.size()));
  for (const size_t apart : {1, 2, 3, 4, 5, kSide, kSide + 1})
    EXPECT_NEAR(Product(noise, apart), 0, error) << apart;
  for (const size_t apart : {kSide * kSide, 2 * kSide * kSide})
    EXPECT_NEAR(Product(noise, apart), 0, 2 * error) << apart;
}

TEST(Noisy, GreyNoiseIsThatOfAllChannels) {
  const std::vector<double> noise = NoiseOf(10, true, 3);
  const size_t channel = kSide * kSide;
  for (size_t i = 0; i < channel; ++i) {
    ASSERT_EQ(noise[i], noise[i + channel]);
    ASSERT_EQ(noise[i], noise[i + 2 * channel]);
  }
}

TEST(Noisy, IsAFunctionOfTheStream) {
  EXPECT_EQ(NoiseOf(10, false, 7), NoiseOf(10, false, 7));
  EXPECT_NE(NoiseOf(10, false, 7), NoiseOf(10, false, 8));
  // The same everywhere.
  std::vector<double> noise = NoiseOf(10, false, 7);
  noise.resize(8);
  EXPECT_EQ(noise, (std::vector<double>{18, -4, 0, 8, 8, 0, -3, 6}));
}

TEST(Noisy, KeepsToTheRange) {
  RandomStream random(1);
  const cv::Mat image = PatternImage(30, 300);
  EXPECT_TRUE(SamePixels(Noisy(image, 0, false, random), image));
  double least = 0, most = 0;
  cv::minMaxLoc(Noisy(image, 255, false, random).reshape(1), &least, &most);
  EXPECT_EQ(least, 0);
  EXPECT_EQ(most, 255);
  const cv::Mat white(50, 50, CV_8UC3, cv::Scalar::all(255));
  const cv::Mat noisy = Noisy(white, 20, false, random);
  EXPECT_NEAR(cv::countNonZero(noisy.reshape(1) == 255) / 7500.0, 0.5, 0.05);
}

}  // namespace
}  // namespace seglab
