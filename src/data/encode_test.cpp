#include "data/encode.h"

#include <gtest/gtest.h>

#include <set>

#include "base/files.h"
#include "base/test_folder.h"
#include "data/image_file.h"
#include "data/masks.h"
#include "data/overlay.h"
#include "data/png_codec.h"
#include "data/test_images.h"

namespace seglab {
namespace {

TEST(Shrink, FitsIntoTheBoxAndKeepsTheShape) {
  const cv::Mat image = PatternImage(300, 800);
  EXPECT_EQ(ShrinkImage(image, 360, 480).size(), cv::Size(360, 135));
  EXPECT_EQ(ShrinkImage(image, 1000, 30).size(), cv::Size(80, 30));
  EXPECT_TRUE(SamePixels(ShrinkImage(image, 800, 300), image));
  EXPECT_TRUE(SamePixels(ShrinkImage(image, 9999, 9999), image));
}

TEST(Shrink, MasksGetNoNewLabels) {
  cv::Mat mask = PatternMask(200, 300, 3);
  mask.setTo(kIgnoreLabel, mask == 2);
  const cv::Mat small = ShrinkMask(mask, 70, 70);
  EXPECT_EQ(small.size(), cv::Size(70, 47));
  const std::set<uint8_t> labels(small.begin<uint8_t>(), small.end<uint8_t>());
  EXPECT_EQ(labels, (std::set<uint8_t>{0, 1, 255}));
}

TEST(Encode, MaskIsReadBackExactly) {
  const TestFolder folder;
  LabelSet labels;
  labels.names = {"a", "b"};
  labels.palette = {{1, 2, 3}, {4, 5, 6}};
  const cv::Mat mask = PatternMask(20, 31, 2);
  WriteFileAtomically(folder.File("mask.png"), std::string_view(EncodeMaskPng(mask, labels)));
  EXPECT_TRUE(SamePixels(ReadMask(folder.File("mask.png")), mask));
  EXPECT_TRUE(SamePixels(ReadImage(folder.File("mask.png")), ColorizeMask(mask, labels)));
}

TEST(Encode, JpegKeepsChannelsInOrder) {
  const TestFolder folder;
  const cv::Mat image(40, 50, CV_8UC3, cv::Scalar(220, 120, 20));
  WriteFileAtomically(folder.File("a.jpg"), std::string_view(EncodeJpeg(image, 90)));
  const cv::Mat read = ReadImage(folder.File("a.jpg"));
  ASSERT_EQ(read.size(), image.size());
  const cv::Vec3b pixel = read.at<cv::Vec3b>(20, 25);
  EXPECT_NEAR(pixel[0], 220, 4);
  EXPECT_NEAR(pixel[1], 120, 4);
  EXPECT_NEAR(pixel[2], 20, 4);
}

TEST(EncodeErrorsPng, CoversWhatIsRightOrVoid) {
  const cv::Mat labels = (cv::Mat_<uint8_t>(1, 3) << 1, 2, 3);
  const cv::Mat truth = (cv::Mat_<uint8_t>(1, 3) << 1, 1, 255);
  const std::string bytes = EncodeErrorsPng(labels, truth);
  const cv::Mat cover = DecodePngMask(bytes, "cover").pixels;
  ASSERT_EQ(cover.type(), CV_8UC4);
  EXPECT_GT(cover.at<cv::Vec4b>(0, 0)[3], 200);
  EXPECT_EQ(cover.at<cv::Vec4b>(0, 1)[3], 0) << "an error is in sight";
  EXPECT_GT(cover.at<cv::Vec4b>(0, 2)[3], 200);
}

}  // namespace
}  // namespace seglab
