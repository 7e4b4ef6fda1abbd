#include "data/resample.h"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace seglab {
namespace {

cv::Mat NoiseOf(int height, int width, int type) {
  cv::Mat image(height, width, type);
  cv::RNG random(static_cast<uint64_t>(height) * 1000 + width);
  random.fill(image, cv::RNG::UNIFORM, 0, 256);
  return image;
}

cv::Mat Whole(const cv::Mat& image, int height, int width) {
  return ResampleWindow(image, {width, height}, {0, 0, width, height}, false);
}

cv::Mat LabelsAt(const cv::Mat& label, int height, int width) {
  return ResampleLabels(label, {width, height}, {0, 0, width, height}, false);
}

double Largest(const cv::Mat& a, const cv::Mat& b) { return cv::norm(a, b, cv::NORM_INF); }

TEST(Resample, IsOpenCvsWhereBothSidesGrowOrShrink) {
  const cv::Mat image = NoiseOf(37, 53, CV_8UC3);
  for (const auto& [height, width] :
       {std::pair{37, 53}, {74, 106}, {41, 60}, {300, 54}, {37, 60}}) {
    cv::Mat expected;
    cv::resize(image, expected, {width, height}, 0, 0, cv::INTER_LINEAR);
    EXPECT_LE(Largest(Whole(image, height, width), expected), 1) << height << "x" << width;
  }
  for (const auto& [height, width] : {std::pair{36, 52}, {18, 26}, {1, 1}, {7, 50}, {37, 20}}) {
    cv::Mat expected;
    cv::resize(image, expected, {width, height}, 0, 0, cv::INTER_AREA);
    EXPECT_LE(Largest(Whole(image, height, width), expected), 1) << height << "x" << width;
  }
}

TEST(Resample, AConstantStays) {
  const cv::Mat image(20, 31, CV_8UC3, cv::Scalar(0, 255, 77));
  for (const int side : {1, 3, 19, 20, 33, 200}) {
    const cv::Mat out = Whole(image, side, 2 * side);
    EXPECT_EQ(Largest(out, cv::Mat(out.size(), CV_8UC3, cv::Scalar(0, 255, 77))), 0) << side;
  }
}

TEST(Resample, AWindowIsAPartOfTheWhole) {
  const cv::Mat image = NoiseOf(30, 41, CV_8UC3), label = NoiseOf(30, 41, CV_8UC1);
  for (const cv::Size size :
       {cv::Size(41, 30), cv::Size(90, 77), cv::Size(13, 11), cv::Size(20, 60), cv::Size(41, 50)}) {
    const cv::Rect all({0, 0}, size);
    for (const bool flipped : {false, true}) {
      cv::Mat whole = ResampleWindow(image, size, all, false).clone();
      cv::Mat labels = ResampleLabels(label, size, all, false).clone();
      if (flipped) {
        cv::flip(whole, whole, 1);
        cv::flip(labels, labels, 1);
      }
      for (const cv::Rect window : {all, cv::Rect(0, 0, 1, 1), cv::Rect(3, 2, 7, 5),
                                    cv::Rect(size.width - 4, size.height - 3, 4, 3)}) {
        EXPECT_EQ(Largest(ResampleWindow(image, size, window, flipped), whole(window)), 0);
        EXPECT_EQ(Largest(ResampleLabels(label, size, window, flipped), labels(window)), 0);
      }
    }
  }
}

TEST(Resample, LabelsTakeThePixelUnderTheCentre) {
  const cv::Mat five = (cv::Mat_<uint8_t>(1, 5) << 10, 11, 12, 13, 14);
  EXPECT_EQ(Largest(LabelsAt(five, 1, 3), (cv::Mat_<uint8_t>(1, 3) << 10, 12, 14)), 0);
  const cv::Mat three = (cv::Mat_<uint8_t>(1, 3) << 10, 11, 12);
  EXPECT_EQ(Largest(LabelsAt(three, 1, 5), (cv::Mat_<uint8_t>(1, 5) << 10, 10, 11, 12, 12)), 0);
  const cv::Mat label = NoiseOf(21, 33, CV_8UC1);
  EXPECT_EQ(Largest(LabelsAt(LabelsAt(label, 63, 99), 21, 33), label), 0);
}

}  // namespace
}  // namespace seglab
