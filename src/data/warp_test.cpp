#include "data/warp.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>

#include "base/random.h"
#include "data/test_images.h"

namespace seglab {
namespace {

constexpr Color kFill = {9, 100, 201};

/// Every pixel of its own color and label, nothing symmetric.
Sample Speckled(int height, int width) {
  Sample sample;
  sample.image.create(height, width, CV_8UC3);
  sample.truth.LabelMap() = PatternMask(height, width, 11);
  RandomStream random(3);
  for (auto it = sample.image.begin<cv::Vec3b>(); it != sample.image.end<cv::Vec3b>(); ++it) {
    for (int c = 0; c < 3; ++c) (*it)[c] = static_cast<uint8_t>(random.Int(256));
  }
  return sample;
}

Sample Rotated(Sample sample, double degrees, WarpBorder border) {
  Rotate(sample, degrees, border, kFill);
  return sample;
}

void ExpectSame(const Sample& a, const cv::Mat& image, const cv::Mat& label) {
  EXPECT_TRUE(SamePixels(a.image, image));
  EXPECT_TRUE(SamePixels(a.truth.LabelMap(), label));
}

TEST(Warp, PlacesAreRounded) {
  EXPECT_EQ(PlaceOf(0), 0);
  EXPECT_EQ(PlaceOf(3), 768);
  EXPECT_EQ(PlaceOf(-2), -512);
  EXPECT_EQ(PlaceOf(0.9 / 256), 1);
  EXPECT_EQ(PlaceOf(-0.9 / 256), -1);
  EXPECT_EQ(PlaceOf(-0.4 / 256), 0);
  EXPECT_EQ(PlaceOf(1e6), 256000000);
}

TEST(Rotate, ByNothingIsTheSame) {
  for (const WarpBorder border : {WarpBorder::kFill, WarpBorder::kMirror}) {
    for (const cv::Size& size : {cv::Size(1, 1), cv::Size(7, 5), cv::Size(20, 31)}) {
      const Sample given = Speckled(size.height, size.width);
      ExpectSame(Rotated(given, 0, border), given.image, given.truth.LabelMap());
    }
  }
}

TEST(Rotate, QuarterTurnsOfSquaresAreExact) {
  const std::pair<double, int> turns[] = {
      {90, cv::ROTATE_90_COUNTERCLOCKWISE}, {-90, cv::ROTATE_90_CLOCKWISE}, {180, cv::ROTATE_180}};
  for (const WarpBorder border : {WarpBorder::kFill, WarpBorder::kMirror}) {
    for (const int side : {1, 2, 7, 8, 101}) {
      const Sample given = Speckled(side, side);
      for (const auto& [degrees, code] : turns) {
        cv::Mat image, label;
        cv::rotate(given.image, image, code);
        cv::rotate(given.truth.LabelMap(), label, code);
        ExpectSame(Rotated(given, degrees, border), image, label);
      }
    }
    const Sample given = Speckled(12, 33);
    cv::Mat image, label;
    cv::rotate(given.image, image, cv::ROTATE_180);
    cv::rotate(given.truth.LabelMap(), label, cv::ROTATE_180);
    ExpectSame(Rotated(given, -180, border), image, label);
  }
}

/// What a turned image shows at a pixel, in double precision.
class ExactRotation {
 public:
  ExactRotation(const Sample& given, double degrees, WarpBorder border)
      : given_(given), border_(border), angle_(degrees * CV_PI / 180) {}

  cv::Point2d PlaceOf(int x, int y) const {
    const cv::Point2d center((given_.image.cols - 1) / 2.0, (given_.image.rows - 1) / 2.0);
    // By the inverse turn; y points down.
    const cv::Point2d from = cv::Point2d(x, y) - center;
    return {center.x + std::cos(angle_) * from.x - std::sin(angle_) * from.y,
            center.y + std::sin(angle_) * from.x + std::cos(angle_) * from.y};
  }
  double Value(const cv::Point2d& place, int channel) const {
    double value = 0;
    const int x = static_cast<int>(std::floor(place.x)), y = static_cast<int>(std::floor(place.y));
    for (int dy = 0; dy < 2; ++dy) {
      for (int dx = 0; dx < 2; ++dx)
        value += (1 - std::abs(place.x - x - dx)) * (1 - std::abs(place.y - y - dy)) *
                 given_.image.at<cv::Vec3b>(At(y + dy, given_.image.rows),
                                            At(x + dx, given_.image.cols))[channel];
    }
    return value;
  }
  int Label(const cv::Point2d& place) const {
    return given_.truth.LabelMap().at<uint8_t>(
        At(static_cast<int>(std::lround(place.y)), given_.image.rows),
        At(static_cast<int>(std::lround(place.x)), given_.image.cols));
  }
  bool IsInside(const cv::Point2d& place) const {
    return place.x >= -0.5 && place.x < given_.image.cols - 0.5 && place.y >= -0.5 &&
           place.y < given_.image.rows - 0.5;
  }

 private:
  int At(int i, int length) const {
    return cv::borderInterpolate(
        i, length, border_ == WarpBorder::kMirror ? cv::BORDER_REFLECT_101 : cv::BORDER_REPLICATE);
  }
  const Sample& given_;
  WarpBorder border_;
  double angle_;
};

TEST(Rotate, IsThatOfDoublePrecision) {
  // Two ways round a place each err by 1/512 of a pixel, between greys that differ by 255.
  constexpr double kTolerance = 2 * 255 / 512.0 + 0.51;
  for (const WarpBorder border : {WarpBorder::kFill, WarpBorder::kMirror}) {
    for (const double degrees : {-170.0, -33.0, 7.5, 45.0, 90.0, 121.0}) {
      const Sample given = Speckled(30, 41);
      const Sample turned = Rotated(given, degrees, border);
      const ExactRotation exact(given, degrees, border);
      int labels = 0;
      for (int y = 0; y < 30; ++y) {
        for (int x = 0; x < 41; ++x) {
          const cv::Point2d place = exact.PlaceOf(x, y);
          const auto tie = [](double at) { return std::abs(at - std::floor(at) - 0.5) < 0.003; };
          if (tie(place.x) || tie(place.y)) continue;
          ++labels;
          const bool is_fill = border == WarpBorder::kFill && !exact.IsInside(place);
          EXPECT_EQ(turned.truth.LabelMap().at<uint8_t>(y, x),
                    is_fill ? kIgnoreLabel : exact.Label(place));
          for (int c = 0; c < 3; ++c)
            EXPECT_NEAR(turned.image.at<cv::Vec3b>(y, x)[c],
                        is_fill ? kFill[c] : exact.Value(place, c), kTolerance)
                << degrees << " " << x << " " << y;
        }
      }
      EXPECT_GT(labels, degrees == 90 ? -1 : 1000);
    }
  }
}

TEST(Warp, MirrorsAgainAndAgain) {
  for (const int side : {1, 2, 5}) {
    for (int shift = -23; shift <= 23; ++shift) {
      Sample sample = Speckled(side, side);
      const Sample given = sample;
      const auto row = [&](int y, Place* places) {
        for (int x = 0; x < side; ++x) places[x] = {PlaceOf(x + shift), PlaceOf(y - shift)};
      };
      Warp(sample, row, WarpBorder::kMirror, kFill);
      for (int y = 0; y < side; ++y) {
        for (int x = 0; x < side; ++x) {
          const cv::Point from(cv::borderInterpolate(x + shift, side, cv::BORDER_REFLECT_101),
                               cv::borderInterpolate(y - shift, side, cv::BORDER_REFLECT_101));
          EXPECT_EQ(sample.image.at<cv::Vec3b>(y, x), given.image.at<cv::Vec3b>(from));
          EXPECT_EQ(sample.truth.LabelMap().at<uint8_t>(y, x),
                    given.truth.LabelMap().at<uint8_t>(from));
        }
      }
    }
  }
}

TEST(Warp, ReadsAPartOfALargerImage) {
  const Sample whole = Speckled(40, 40);
  const cv::Rect window(5, 8, 20, 15);
  Sample part;
  part.image = whole.image(window);
  part.truth.LabelMap() = whole.truth.LabelMap()(window);
  Sample copy;
  copy.image = part.image.clone();
  copy.truth.LabelMap() = part.truth.LabelMap().clone();
  for (const WarpBorder border : {WarpBorder::kFill, WarpBorder::kMirror}) {
    const Sample expected = Rotated(copy, 20, border);
    ExpectSame(Rotated(part, 20, border), expected.image, expected.truth.LabelMap());
  }
}

}  // namespace
}  // namespace seglab
