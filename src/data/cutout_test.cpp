#include "data/cutout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace seglab {
namespace {

constexpr Color kHole = {9, 100, 201};

/// A black image of class 3.
Sample Whole(int height, int width) {
  Sample sample;
  sample.image = cv::Mat(height, width, CV_8UC3, cv::Scalar::all(0));
  sample.truth.LabelMap() = cv::Mat(height, width, CV_8UC1, cv::Scalar(3));
  return sample;
}

Sample Cut(const CutoutOptions& options, uint64_t seed, int height = 40, int width = 60) {
  Sample sample = Whole(height, width);
  RandomStream random(seed);
  CutOut(sample, options, kHole, random);
  return sample;
}

/// The pixels that are gone.
cv::Mat Gone(const Sample& sample) {
  cv::Mat gone;
  cv::inRange(sample.image, cv::Scalar(kHole[0], kHole[1], kHole[2]),
              cv::Scalar(kHole[0], kHole[1], kHole[2]), gone);
  return gone;
}

TEST(CutOut, CutsSquaresWithAnyCentre) {
  CutoutOptions options;
  options.min = options.max = 0.25;
  cv::Mat ever(40, 60, CV_8UC1, cv::Scalar(0));
  double sum = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    const Sample sample = Cut(options, seed);
    const cv::Mat gone = Gone(sample);
    const cv::Rect box = cv::boundingRect(gone);
    // A square of 10, or what of it is inside; its centre always is.
    EXPECT_EQ(cv::countNonZero(gone), box.area());
    EXPECT_TRUE(box.width == 10 || box.x == 0 || box.br().x == 60);
    EXPECT_TRUE(box.height == 10 || box.y == 0 || box.br().y == 40);
    EXPECT_GE(std::min(box.width, box.height), 5);
    EXPECT_LE(std::max(box.width, box.height), 10);
    EXPECT_EQ(cv::countNonZero(gone != (sample.truth.LabelMap() == 255)), 0);
    EXPECT_EQ(cv::countNonZero((gone == 0) != (sample.truth.LabelMap() == 3)), 0);
    EXPECT_EQ(cv::countNonZero(cv::Mat(sample.image.reshape(1) == 0)), 3 * (40 * 60 - box.area()));
    ever |= gone;
    sum += box.area();
  }
  EXPECT_EQ(cv::countNonZero(ever), 40 * 60);
  // On an axis of n pixels a side of s loses s^2 / 4n on the average.
  EXPECT_NEAR(sum / 400, (10 - 25 / 40.0) * (10 - 25 / 60.0), 3);
}

TEST(CutOut, SidesLieInTheirRange) {
  CutoutOptions options;
  options.min = 0;
  options.max = 0.1;
  int least = 1000, most = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const int side = cv::boundingRect(Gone(Cut(options, seed, 100, 300))).width;
    least = std::min(least, side);
    most = std::max(most, side);
  }
  EXPECT_EQ(least, 1);
  EXPECT_EQ(most, 10);
}

TEST(CutOut, LabelsMayStay) {
  CutoutOptions options;
  options.void_label = false;
  const Sample sample = Cut(options, 1);
  EXPECT_GT(cv::countNonZero(Gone(sample)), 0);
  EXPECT_EQ(cv::countNonZero(sample.truth.LabelMap() == 3), 40 * 60);
}

TEST(CutOut, MayCutSeveral) {
  CutoutOptions options;
  options.holes = 50;
  options.min = options.max = 0.01;
  const int gone = cv::countNonZero(Gone(Cut(options, 1, 100, 100)));
  EXPECT_GT(gone, 40);
  EXPECT_LE(gone, 50);
}

TEST(CutOut, IsAFunctionOfTheStream) {
  const CutoutOptions options;
  EXPECT_EQ(cv::countNonZero(Gone(Cut(options, 5)) != Gone(Cut(options, 5))), 0);
  EXPECT_GT(cv::countNonZero(Gone(Cut(options, 5)) != Gone(Cut(options, 6))), 0);
}

TEST(CutOut, WritesNothingThatOthersShare) {
  const Sample given = Whole(20, 20);
  Sample sample = given;
  RandomStream random(1);
  CutOut(sample, {}, kHole, random);
  EXPECT_EQ(cv::countNonZero(given.image.reshape(1)), 0);
  EXPECT_EQ(cv::countNonZero(given.truth.LabelMap() == 3), 400);
}

}  // namespace
}  // namespace seglab
