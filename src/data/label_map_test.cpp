#include "data/label_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/files.h"
#include "base/test_folder.h"
#include "data/classes.h"
#include "data/image_file.h"
#include "data/masks.h"
#include "data/test_images.h"

namespace seglab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Classes From(const char* json) { return ClassesFromJson(ParseJson(json, "test"), "classes"); }

const char kColored[] = R"({"names": ["ground", "wall", "tree"],
    "palette": [[10, 20, 30], [200, 0, 0], [0, 200, 0]], "ignore": [[0, 0, 0]]})";

class LabelMaps : public testing::Test {
 protected:
  /// Writes with OpenCV, whose images are B G R.
  std::string Write(const std::string& name, const cv::Mat& pixels) {
    cv::imwrite(folder_.File(name), pixels);
    return folder_.File(name);
  }
  static cv::Mat Read(const std::string& path, const Classes& classes) {
    return ReadLabelMap(path, classes.labels, classes.values);
  }
  static std::string ReadError(const std::string& path, const Classes& classes) {
    return ErrorOf([&] { Read(path, classes); });
  }
  /// The mask in the colors of the classes, B G R.
  static cv::Mat Colored(const cv::Mat& mask, const Classes& classes) {
    cv::Mat image(mask.size(), CV_8UC3);
    for (int y = 0; y < mask.rows; ++y) {
      for (int x = 0; x < mask.cols; ++x) {
        const Color c = classes.labels.palette.at(mask.at<uint8_t>(y, x));
        image.at<cv::Vec3b>(y, x) = cv::Vec3b(c[2], c[1], c[0]);
      }
    }
    return image;
  }
  TestFolder folder_;
};

TEST_F(LabelMaps, ColorsThroughThePalette) {
  const Classes classes = From(kColored);
  const cv::Mat mask = PatternMask(7, 9, 3);
  cv::Mat image = Colored(mask, classes);
  for (const char* name : {"m.png", "m.bmp", "m.tiff"}) {
    EXPECT_TRUE(SamePixels(Read(Write(name, image), classes), mask)) << name;
  }
  cv::Mat clear;
  cv::cvtColor(image, clear, cv::COLOR_BGR2BGRA);
  clear.at<cv::Vec4b>(2, 2)[3] = 0;
  EXPECT_TRUE(SamePixels(Read(Write("a.png", clear), classes), mask));
  image.at<cv::Vec3b>(4, 6) = {0, 0, 0};
  EXPECT_EQ(Read(Write("v.png", image), classes).at<uint8_t>(4, 6), kIgnoreLabel);
  image.at<cv::Vec3b>(5, 3) = {1, 2, 198};
  EXPECT_THAT(ReadError(Write("w.png", image), classes),
              AllOf(HasSubstr("w.png: the color [198, 2, 1] at (3, 5)"), HasSubstr("wall")));
  EXPECT_THAT(ReadError(folder_.File("w.png"), From(R"({"names": ["a"]})")),
              AllOf(HasSubstr("an RGB image"), HasSubstr("\"palette\"")));
}

TEST_F(LabelMaps, SeveralColorsOfOneClass) {
  const Classes classes = From(R"({"names": ["a", "b"],
      "values": {"1,2,3": "a", "#040506": "b", "b": [[7, 8, 9], "10,11,12"]}})");
  cv::Mat image(1, 4, CV_8UC3);
  image.at<cv::Vec3b>(0, 0) = {3, 2, 1};
  image.at<cv::Vec3b>(0, 1) = {6, 5, 4};
  image.at<cv::Vec3b>(0, 2) = {9, 8, 7};
  image.at<cv::Vec3b>(0, 3) = {12, 11, 10};
  const cv::Mat expected = (cv::Mat_<uint8_t>(1, 4) << 0, 1, 1, 1);
  EXPECT_TRUE(SamePixels(Read(Write("m.png", image), classes), expected));
}

TEST_F(LabelMaps, AColorOfTwoClassesIsAnErrorWhereItStands) {
  const Classes classes =
      From(R"({"names": ["a", "b", "c"], "palette": [[9, 9, 9], [1, 2, 3], [1, 2, 3]]})");
  cv::Mat image(2, 2, CV_8UC3, cv::Scalar(9, 9, 9));
  EXPECT_EQ(cv::countNonZero(Read(Write("m.png", image), classes)), 0);
  image.at<cv::Vec3b>(1, 0) = {3, 2, 1};
  EXPECT_THAT(ReadError(Write("m.png", image), classes),
              AllOf(HasSubstr("(0, 1)"), HasSubstr("several classes")));
}

TEST_F(LabelMaps, IndicesInAnotherOrderThanTheirColorsAreAnError) {
  const Classes classes = From(kColored);
  RawPng png;
  png.width = png.height = 2;
  png.color_type = PNG_COLOR_TYPE_PALETTE;
  png.palette = {{200, 0, 0}, {10, 20, 30}};
  png.packed = {0, 0, 1, 1};
  WriteBytes(folder_.File("m.png"), png.Bytes());
  EXPECT_THAT(ReadError(folder_.File("m.png"), classes),
              AllOf(HasSubstr("index 0"), HasSubstr("[200, 0, 0]"), HasSubstr("wall's")));
  png.palette = {{1, 1, 1}, {2, 2, 2}};  // no colors of classes: for the eye alone
  WriteBytes(folder_.File("m.png"), png.Bytes());
  EXPECT_EQ(Read(folder_.File("m.png"), classes).at<uint8_t>(1, 0), 1);
  WriteMask(folder_.File("m.png"), PatternMask(5, 5, 3), classes.labels);
  EXPECT_TRUE(SamePixels(Read(folder_.File("m.png"), classes), PatternMask(5, 5, 3)));
}

TEST_F(LabelMaps, GreyInThreeChannelsIsGrey) {
  const cv::Mat mask = PatternMask(6, 8, 3);
  cv::Mat rgb, grey_alpha;
  cv::merge(std::vector<cv::Mat>{mask, mask, mask}, rgb);
  EXPECT_TRUE(SamePixels(Read(Write("m.png", rgb), From(R"({"names": ["a", "b", "c"]})")), mask));
  RawPng png;
  png.width = png.height = 2;
  png.color_type = PNG_COLOR_TYPE_GRAY_ALPHA;
  png.packed = {1, 255, 0, 255, 0, 255, 1, 255};
  WriteBytes(folder_.File("la.png"), png.Bytes());
  EXPECT_EQ(Read(folder_.File("la.png"), From(R"({"names": ["a", "b"]})")).at<uint8_t>(1, 1), 1);
  png.packed[3] = 0;
  WriteBytes(folder_.File("la.png"), png.Bytes());
  EXPECT_THAT(ReadError(folder_.File("la.png"), From(R"({"names": ["a", "b"]})")),
              HasSubstr("opaque here and clear there"));
}

TEST_F(LabelMaps, SixteenBitsThroughValues) {
  cv::Mat ids(2, 3, CV_16UC1, cv::Scalar(1000));
  ids.at<uint16_t>(0, 1) = 26001;
  ids.at<uint16_t>(1, 2) = 65535;
  const std::string path = Write("m.png", ids);
  EXPECT_THAT(ReadError(path, From(R"({"names": ["a", "b"]})")),
              AllOf(HasSubstr("16-bit"), HasSubstr("\"values\"")));
  const cv::Mat map = Read(path, From(R"({"names": ["a", "b"], "ignore": [65535],
      "values": {"1000": "b", "a": [26000, 26001]}})"));
  EXPECT_TRUE(SamePixels(map, cv::Mat((cv::Mat_<uint8_t>(2, 3) << 1, 0, 1, 1, 1, 255))));
  EXPECT_THAT(ReadError(path, From(R"({"names": ["a", "b"], "values": {"1000": 0}})")),
              AllOf(HasSubstr("value 26001 at (1, 0)"), HasSubstr("neither in \"values\"")));
  EXPECT_EQ(cv::countNonZero(Read(path, From(R"({"names": ["a", "b"], "values": {"1000": 0},
      "ignore": "others"})")) == kIgnoreLabel),
            2);
}

TEST_F(LabelMaps, AValueThatIsNotListedMustNotMeetOneThatIs) {
  const Classes ids = From(R"({"names": ["road", "person"], "values": {"7": 0, "24": 1}})");
  cv::Mat mask(2, 3, CV_8UC1, cv::Scalar(7));
  mask.at<uint8_t>(1, 1) = 24;
  EXPECT_EQ(cv::countNonZero(Read(Write("m.png", mask), ids)), 1);
  mask.at<uint8_t>(1, 2) = 0;
  EXPECT_THAT(ReadError(Write("m.png", mask), ids),
              AllOf(HasSubstr("value 0 at (2, 1)"), HasSubstr("value 7 is class 0 (road)")));
  // Masks of 0 and 255: nothing else is class 0.
  mask = (mask == 24);
  EXPECT_EQ(cv::countNonZero(Read(Write("b.png", mask),
                                  From(R"({"names": ["no", "yes"], "values": {"255": 1}})"))),
            1);
}

TEST_F(LabelMaps, LossyMasksNeedAThreshold) {
  cv::Mat mask(16, 16, CV_8UC1, cv::Scalar(0));
  mask(cv::Rect(3, 3, 7, 8)) = 255;
  const std::string path = Write("m.jpg", mask);
  EXPECT_THAT(ReadError(path, From(R"({"names": ["no", "yes"], "values": {"255": 1}})")),
              AllOf(HasSubstr("a JPEG file"), HasSubstr("\"threshold\"")));
  for (const char* json : {R"({"names": ["no", "yes"], "threshold": 128})",
                           R"({"names": ["no", "yes"], "values": {"255": 1}, "threshold": 128})"}) {
    EXPECT_EQ(cv::countNonZero(Read(path, From(json)) == 1), 7 * 8) << json;
  }
  EXPECT_EQ(cv::countNonZero(Read(path, From(R"({"names": ["a", "b"], "threshold": 128,
      "values": {"255": "a", "0": "b"}})")) == 0),
            7 * 8);
}

TEST_F(LabelMaps, WhatIsNoPicture) {
  WriteBytes(folder_.File("m.png"), "no picture");
  EXPECT_THAT(ReadError(folder_.File("m.png"), From(R"({"names": ["a"]})")),
              AllOf(HasSubstr("m.png: cannot be read as a mask"), HasSubstr("PNG")));
}

TEST_F(LabelMaps, FirstBytesOfAnyKindAlone) {
  const Classes classes = From(kColored);
  const std::string path = folder_.File("cut.png");
  for (const std::string& whole :
       {std::string("RIFF....WEBPVP8L"), std::string("\xff\xd8\xff\xe0\0\x10JFIF", 10),
        std::string("\x89PNG\r\n\x1a\n\0\0\0\xd"
                    "IHDR",
                    16)}) {
    for (size_t length = 0; length <= whole.size(); ++length) {
      WriteFileAtomically(path, whole.substr(0, length));
      EXPECT_THAT(ReadError(path, classes), HasSubstr("cut.png: "));
      EXPECT_THAT(ErrorOf([&] { ReadImage(path); }), HasSubstr("cut.png: "));
    }
  }
}

TEST(Classes, LimitIsSaid) {
  Json json;
  for (int i = 0; i < 256; ++i) json["names"].push_back(std::to_string(i) + "th");
  EXPECT_THAT(ErrorOf([&] { ClassesFromJson(json, "classes"); }),
              AllOf(HasSubstr("256 classes"), HasSubstr("1 to 255")));
}

TEST(Classes, SettingsOfOldStayTheSame) {
  EXPECT_TRUE(From(kColored).values.ToJson(false).is_null());
  const Json one = From(R"({"names": ["a", "b"], "values": {"255": 1}})").values.ToJson(false);
  EXPECT_EQ(one.size(), 256u);
  EXPECT_EQ(one[255], 1);
  EXPECT_NE(From(kColored).values.ToJson(true), From(kColored).values.ToJson(false));
}

}  // namespace
}  // namespace seglab
