#include "regions/region_crop.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/test_error.h"

namespace seglab {
namespace {

constexpr std::array<uint8_t, 3> kGrey = {100, 110, 120};

struct Crop {
  std::vector<uint8_t> pixels, valid;
  int side;

  const uint8_t* At(int row, int column) const { return &pixels[(row * side + column) * 3]; }
  bool Valid(int row, int column) const { return valid[row * side + column] != 0; }
};

Crop CropOf(const cv::Mat& rgb, const RegionShape& region, const CropOptions& options,
            bool foreground) {
  const int side = options.side;
  Crop crop{std::vector<uint8_t>(side * side * 3), std::vector<uint8_t>(side * side), side};
  CropRegion(rgb, region, options, kGrey, foreground, crop.pixels.data(), crop.valid.data());
  return crop;
}

/// Red is the column, green the row.
cv::Mat Ramp(int rows, int columns) {
  cv::Mat image(rows, columns, CV_8UC3);
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x)
      image.at<cv::Vec3b>(y, x) = cv::Vec3b(static_cast<uint8_t>(x), static_cast<uint8_t>(y), 7);
  }
  return image;
}

TEST(RegionCrop, ABoxOfTheInnerSizeIsCopiedWithItsSurroundings) {
  const cv::Mat image = Ramp(60, 60);
  const Crop crop = CropOf(image, {{20, 30, 10, 10}, {}}, {20, 5}, false);
  for (int v = 0; v < 20; ++v) {
    for (int u = 0; u < 20; ++u) {
      EXPECT_EQ(crop.At(v, u)[0], 15 + u);
      EXPECT_EQ(crop.At(v, u)[1], 25 + v);
      EXPECT_TRUE(crop.Valid(v, u));
    }
  }
}

TEST(RegionCrop, StretchesTheBoxToASquare) {
  const cv::Mat image = Ramp(60, 120);
  // 80 x 20 pixels to 10 x 10: a pixel of the window is 8 x 2 pixels of the image.
  const Crop crop = CropOf(image, {{24, 8, 80, 20}, {}}, {12, 1}, false);
  for (int v = 1; v < 11; ++v) {
    for (int u = 1; u < 11; ++u) {
      EXPECT_NEAR(crop.At(v, u)[0], 24 + 8 * (u - 1) + 3.5, 0.51);
      EXPECT_NEAR(crop.At(v, u)[1], 8 + 2 * (v - 1) + 0.5, 0.51);
    }
  }
}

TEST(RegionCrop, WhatLiesBeyondTheImageIsFilledAndDoesNotCount) {
  const cv::Mat image = Ramp(30, 30);
  const Crop crop = CropOf(image, {{0, 0, 10, 10}, {}}, {20, 5}, false);
  EXPECT_FALSE(crop.Valid(4, 10));
  EXPECT_FALSE(crop.Valid(10, 4));
  EXPECT_TRUE(crop.Valid(5, 5));
  for (int c = 0; c < 3; ++c) EXPECT_EQ(crop.At(2, 2)[c], kGrey[c]);
}

TEST(RegionCrop, TheForegroundIsTheMask) {
  const cv::Mat image = Ramp(60, 60);
  cv::Mat mask = cv::Mat::zeros(10, 10, CV_8UC1);
  mask.at<uint8_t>(3, 4) = 1;
  const Crop crop = CropOf(image, {{20, 30, 10, 10}, mask}, {20, 5}, true);
  for (int v = 0; v < 20; ++v) {
    for (int u = 0; u < 20; ++u) EXPECT_EQ(crop.Valid(v, u), v == 8 && u == 9) << v << " " << u;
  }
  const Crop whole = CropOf(image, {{20, 30, 10, 10}, {}}, {20, 5}, true);
  for (int v = 0; v < 20; ++v) {
    for (int u = 0; u < 20; ++u) EXPECT_EQ(whole.Valid(v, u), v >= 5 && v < 15 && u >= 5 && u < 15);
  }
}

TEST(RegionCrop, RefusesAWindowWithoutAnInside) {
  EXPECT_EQ(ErrorOf([] {
              CropOptions::FromJson({{"side", 32}}, "model.crop");
            }),
            "model.crop.side: must be 33 (twice the context and one) to 4096 pixels, found 32");
}

}  // namespace
}  // namespace seglab
