#include "regions/descriptors.h"

#include <gmock/gmock.h>

#include <numeric>
#include <opencv2/core.hpp>

#include "regions/color_space.h"

namespace seglab {
namespace {

using testing::FloatNear;

/// The left `at` columns are segment 0, the others segment 1.
Segments Halves(int height, int width, int at) {
  Segments segments{cv::Mat(height, width, CV_32SC1, cv::Scalar(0)), 2};
  segments.map.colRange(at, width).setTo(1);
  return segments;
}

float Sum(const std::vector<float>& rows, int length, int row) {
  return std::accumulate(rows.begin() + row * length, rows.begin() + (row + 1) * length, 0.0f);
}

TEST(DescriptorsTest, ColoursAreCountedByHand) {
  // Bins of 25 v / 256: 0 -> 0, 10 -> 0, 11 -> 1, 255 -> 24, 128 -> 12.
  const cv::Mat image = (cv::Mat_<cv::Vec3b>(1, 4) << cv::Vec3b(0, 11, 255), cv::Vec3b(10, 11, 128),
                         cv::Vec3b(11, 11, 255), cv::Vec3b(255, 255, 255));
  const RegionTable table = Describe(PixelBins(image), Halves(1, 4, 3));
  ASSERT_EQ(table.color_length, 80);
  ASSERT_EQ(table.texture_length, 240);
  std::vector<float> expected(160, 0.0f);
  expected[0] = 2 / 9.0f;
  expected[1] = 1 / 9.0f;
  expected[25 + 1] = 3 / 9.0f;
  expected[50 + 12] = 1 / 9.0f;
  expected[50 + 24] = 2 / 9.0f;
  for (size_t channel : {0, 1, 2}) expected[80 + 25 * channel + 24] = 1 / 3.0f;
  EXPECT_THAT(table.color, testing::Pointwise(testing::FloatEq(), expected));
  EXPECT_EQ(table.size, (std::vector<int>{3, 1}));
  EXPECT_EQ(table.extent[0], (Extent{0, 0, 3, 1}));
  EXPECT_EQ(table.extent[1], (Extent{3, 0, 4, 1}));
}

TEST(DescriptorsTest, ARampHasItsSlopeInThreeOrientations) {
  // 12 grey levels a pixel to the right; inside, the derivative along 0 degrees is 12, along 45 and
  // 315 degrees 8.49, along 90 and 270 degrees 0, along the rest negative.
  cv::Mat image(20, 21, CV_8UC1);
  for (int x = 0; x < 21; ++x) image.col(x).setTo(12 * x);
  Segments inside = Halves(20, 21, 7);
  inside.map.colRange(14, 21).setTo(0);
  const RegionTable table = Describe(PixelBins(image), inside);
  ASSERT_EQ(table.texture_length, 80);
  std::vector<float> expected(80, 0.0f);
  const auto bin = [](double slope) { return static_cast<size_t>(slope * 10 / 51); };
  for (size_t orientation = 0; orientation < 8; ++orientation) {
    const size_t at = orientation == 0                       ? bin(12)
                      : orientation == 1 || orientation == 7 ? bin(8.4853)
                                                             : 0;
    expected[10 * orientation + at] = 1 / 8.0f;
  }
  const std::vector<float> row(table.texture.begin() + 80, table.texture.end());
  EXPECT_THAT(row, testing::Pointwise(testing::FloatEq(), expected));
}

TEST(DescriptorsTest, ATurnedImageHasTurnedOrientations) {
  cv::Mat image(21, 21, CV_8UC1), turned;
  for (int y = 0; y < 21; ++y) {
    for (int x = 0; x < 21; ++x)
      image.at<uint8_t>(y, x) = static_cast<uint8_t>((x * x + 9 * y) % 251);
  }
  cv::rotate(image, turned, cv::ROTATE_90_CLOCKWISE);  // right becomes down, 0 becomes 90 degrees
  const Segments all{cv::Mat(21, 21, CV_32SC1, cv::Scalar(0)), 1};
  const RegionTable a = Describe(PixelBins(image), all), b = Describe(PixelBins(turned), all);
  for (size_t i = 0; i < 80; ++i) {
    EXPECT_NEAR(a.texture[i], b.texture[(i + 20) % 80], 2e-3) << i;
  }
}

TEST(DescriptorsTest, HistogramsSumToOne) {
  cv::Mat image(12, 16, CV_8UC3);
  cv::RNG(7).fill(image, cv::RNG::UNIFORM, 0, 256);
  for (const ColorSpaceRow& row : ColorSpaceRows()) {
    const RegionTable table =
        Describe(PixelBins(ToColorSpace(image, row.space)), Halves(12, 16, 5));
    for (int i : {0, 1}) {
      EXPECT_THAT(Sum(table.color, table.color_length, i), FloatNear(1, 1e-5f)) << row.name;
      EXPECT_THAT(Sum(table.texture, table.texture_length, i), FloatNear(1, 1e-5f)) << row.name;
    }
  }
}

TEST(DescriptorsTest, IntersectionIsTheSumOfTheSmaller) {
  std::vector<float> a(32), b(32);
  for (int i = 0; i < 32; ++i) {
    a[static_cast<size_t>(i)] = static_cast<float>(i);
    b[static_cast<size_t>(i)] = static_cast<float>(31 - i);
  }
  EXPECT_EQ(Intersection(a.data(), b.data(), 32), 2 * (15 * 16 / 2));
}

TEST(ColorSpaceTest, KnownColours) {
  const auto in = [](cv::Vec3b rgb, ColorSpace space) {
    const cv::Mat out = ToColorSpace(cv::Mat(1, 1, CV_8UC3, cv::Scalar(rgb)), space);
    return std::vector<int>(out.data, out.data + out.channels());
  };
  const cv::Vec3b red(255, 0, 0), green(0, 255, 0), grey(50, 50, 50), black(0, 0, 0);
  EXPECT_EQ(in(red, ColorSpace::kHsv), (std::vector{0, 255, 255}));
  EXPECT_EQ(in(green, ColorSpace::kHsv), (std::vector{85, 255, 255}));
  EXPECT_EQ(in(green, ColorSpace::kHue), (std::vector{85}));
  EXPECT_EQ(in(grey, ColorSpace::kHsv), (std::vector{0, 0, 50}));
  EXPECT_EQ(in(cv::Vec3b(255, 255, 255), ColorSpace::kLab), (std::vector{255, 128, 128}));
  EXPECT_EQ(in(cv::Vec3b(10, 20, 70), ColorSpace::kRgi), (std::vector{26, 51, 33}));
  EXPECT_EQ(in(black, ColorSpace::kRgi), (std::vector{85, 85, 0}));
  EXPECT_EQ(in(cv::Vec3b(10, 20, 72), ColorSpace::kIntensity), (std::vector{34}));
}

}  // namespace
}  // namespace seglab
