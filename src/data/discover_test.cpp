#include "data/discover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "base/files.h"
#include "base/test_error.h"
#include "base/test_folder.h"
#include "data/image_file.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// A picture of 8 x 9 and a mask, half of it `value`, half 0.
void Write(const std::string& image, const std::string& mask, const cv::Scalar& value) {
  MakeFolders(std::filesystem::path(image).parent_path().string());
  MakeFolders(std::filesystem::path(mask).parent_path().string());
  cv::Mat photograph(8, 9, CV_8UC3);
  cv::randu(photograph, 0, 256);
  WriteImage(image, photograph);
  cv::Mat labels(8, 9, CV_8UC3, cv::Scalar(0, 0, 0));
  labels.colRange(0, 4).setTo(value);
  WriteImage(mask, labels);
}

TEST(DiscoverTest, BackgroundAndObject) {
  const TestFolder folder;
  for (const char* name : {"a", "b"})
    Write(folder.File(StrCat("pics/", name, ".png")), folder.File(StrCat("labels/", name, ".png")),
          cv::Scalar::all(255));
  const FoundData found = DiscoverData(folder.path());
  EXPECT_EQ(found.images, "pics");
  EXPECT_EQ(found.masks, "labels");
  EXPECT_EQ(found.mask_pattern, "{stem}");
  EXPECT_EQ(found.pairs, 2);
  EXPECT_EQ(found.classes["names"].size(), 2U);
  EXPECT_EQ(found.classes["values"]["255"], 1);
  EXPECT_EQ(found.min_height, 8);
  EXPECT_EQ(found.max_width, 9);
}

TEST(DiscoverTest, BesideEachOther) {
  const TestFolder folder;
  Write(folder.File("x.png"), folder.File("x_mask.png"), cv::Scalar::all(2));
  Write(folder.File("y.png"), folder.File("y_mask.png"), cv::Scalar::all(1));
  const FoundData found = DiscoverData(folder.path());
  EXPECT_EQ(found.images, ".");
  EXPECT_EQ(found.masks, ".");
  EXPECT_EQ(found.mask_pattern, "{stem}_mask");
  EXPECT_EQ(found.pairs, 2);
  EXPECT_EQ(found.classes["names"].size(), 3U);
}

TEST(DiscoverTest, ColorsAndValuesApart) {
  const TestFolder colored, apart;
  Write(colored.File("images/a.png"), colored.File("masks/a.png"), cv::Scalar(0, 200, 10));
  Write(colored.File("images/b.png"), colored.File("masks/b.png"), cv::Scalar(90, 0, 0));
  const FoundData colors = DiscoverData(colored.path());
  EXPECT_EQ(colors.classes["names"][0], "background");
  EXPECT_EQ(colors.classes["palette"].size(), 3U);
  for (const int value : {76, 149, 255})
    Write(apart.File(StrCat("images/", value, ".png")), apart.File(StrCat("masks/", value, ".png")),
          cv::Scalar::all(value));
  const FoundData values = DiscoverData(apart.path());
  EXPECT_EQ(values.classes["values"]["149"], 2);
  EXPECT_EQ(values.classes["ignore"][0], 255);
  EXPECT_EQ(values.classes["names"].size(), 3U);
}

TEST(DiscoverTest, NumbersOfObjectsAndSplits) {
  const TestFolder folder;
  for (int i = 1; i <= 70; ++i) {
    const std::string name = std::to_string(i) + ".png";
    Write(folder.File("images/" + name), folder.File("instances/" + name), cv::Scalar::all(i));
  }
  EXPECT_FALSE(DiscoverData(folder.path()).has_splits);
  WriteFileAtomically(folder.File("train.txt"), std::string_view("1\n2\n"));
  WriteFileAtomically(folder.File("val.txt"), std::string_view("3\n"));
  const FoundData found = DiscoverData(folder.path());
  EXPECT_EQ(found.masks, "instances");
  EXPECT_EQ(found.classes["names"].size(), 2U);
  EXPECT_EQ(found.classes["threshold"], 1);
  EXPECT_TRUE(found.has_splits);
}

TEST(DiscoverTest, SplitsByFolders) {
  for (const bool outside : {false, true}) {
    const TestFolder folder;
    for (const std::string split : {"train", "val"}) {
      const auto place = [&](const std::string& kind) {
        return folder.File((outside ? split + "/" + kind : kind + "/" + split) + "/a" + split +
                           ".png");
      };
      Write(place("images"), place("masks"), cv::Scalar::all(1));
    }
    const FoundData found = DiscoverData(folder.path());
    EXPECT_TRUE(found.has_splits) << outside;
    EXPECT_EQ(found.images, "images");
    EXPECT_EQ(found.masks, "masks");
  }
}

TEST(DiscoverTest, SoftEdgesAndDeepMasks) {
  const TestFolder soft, deep;
  Write(soft.File("images/a.png"), soft.File("masks/a.png"), cv::Scalar::all(255));
  cv::Mat edges(40, 40, CV_8UC3, cv::Scalar::all(0));
  edges.colRange(0, 20).setTo(cv::Scalar::all(255));
  for (int i = 0; i < 80; ++i)
    edges.at<cv::Vec3b>(i / 40, i % 40) = cv::Vec3b::all(static_cast<uint8_t>(100 + i));
  WriteImage(soft.File("masks/a.png"), edges);
  EXPECT_EQ(DiscoverData(soft.path()).classes["threshold"], 128);
  Write(deep.File("images/a.png"), deep.File("masks/a.png"), cv::Scalar::all(1));
  cv::Mat numbers(8, 9, CV_16UC1, cv::Scalar(0));
  numbers.colRange(0, 3).setTo(2);
  ASSERT_TRUE(cv::imwrite(deep.File("masks/a.png"), numbers));
  const FoundData found = DiscoverData(deep.path());
  EXPECT_EQ(found.classes["values"]["2"], 1) << "a class each, said of each value";
}

TEST(DiscoverTest, OwnClassesWin) {
  const TestFolder folder;
  Write(folder.File("images/a.png"), folder.File("masks/a.png"), cv::Scalar::all(1));
  WriteFileAtomically(folder.File("classes.json"),
                      std::string_view("{\"names\": [\"sky\", \"road\"]}"));
  const FoundData found = DiscoverData(folder.path());
  EXPECT_TRUE(found.classes_are_there);
  EXPECT_EQ(found.classes["names"][1], "road");
}

TEST(DiscoverTest, WhatIsNoDataSet) {
  const TestFolder empty, photographs;
  EXPECT_THAT(ErrorOf([&] { DiscoverData(empty.path()); }),
              AllOf(HasSubstr(empty.path()), HasSubstr("no picture with a mask")));
  EXPECT_THAT(ErrorOf([&] { DiscoverData(empty.File("none")); }), HasSubstr("no such folder"));
  for (const char* side : {"images", "masks"}) {
    cv::Mat photograph(200, 300, CV_8UC3);
    cv::randu(photograph, 0, 256);
    MakeFolders(photographs.File(side));
    WriteImage(JoinPath(photographs.File(side), "a.png"), photograph);
  }
  EXPECT_THAT(ErrorOf([&] { DiscoverData(photographs.path()); }), HasSubstr("no label maps"));
}

}  // namespace
}  // namespace seglab
