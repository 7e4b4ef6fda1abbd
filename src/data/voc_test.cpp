#include "data/voc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <matio.h>

#include <array>
#include <filesystem>
#include <opencv2/imgproc.hpp>
#include <thread>

#include "base/files.h"
#include "base/test_folder.h"
#include "data/image_file.h"
#include "data/masks.h"
#include "data/test_images.h"

namespace seglab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// Two images, "a" and "b", of which `a` has a mask.
class VocFolder : public testing::Test {
 protected:
  VocFolder() {
    root_ = folder_.File("VOC2012");
    for (const char* name : {"JPEGImages", "SegmentationClass", "ImageSets/Segmentation"}) {
      MakeFolders(root_ + "/" + name);
    }
    WriteImage(root_ + "/JPEGImages/a.jpg", PatternImage(20, 30));
    WriteImage(root_ + "/JPEGImages/b.jpg", PatternImage(10, 12));
    WriteMask(root_ + "/SegmentationClass/a.png", PatternMask(20, 30, 21), VocLabels());
    List("train", "a\n\n b \r\n");
    List("val", "a\n");
    options_.root = root_;
  }

  void List(const std::string& split, const std::string& text) {
    WriteBytes(root_ + "/ImageSets/Segmentation/" + split + ".txt", text);
  }
  std::string MakeError() {
    return ErrorOf([this] { MakeVoc(options_); });
  }
  std::string GetError(int64_t index) {
    return ErrorOf([&] { MakeVoc(options_)->Get(index); });
  }

  TestFolder folder_;
  std::string root_;
  VocOptions options_;
};

TEST_F(VocFolder, ReadsPairs) {
  const auto voc = MakeVoc(options_);
  ASSERT_EQ(voc->Size(), 2);
  EXPECT_EQ(voc->Name(1), "b");
  EXPECT_EQ(voc->Labels().size(), 21);
  EXPECT_FALSE(voc->GetTask() == Task::kClassification);
  const Sample sample = voc->Get(0);
  EXPECT_EQ(sample.name, "a");
  EXPECT_TRUE(sample.truth.HasLabelMap());
  EXPECT_TRUE(SamePixels(sample.truth.LabelMap(), PatternMask(20, 30, 21)));
  EXPECT_EQ(sample.image.size(), sample.truth.LabelMap().size());
}

TEST_F(VocFolder, LimitKeepsTheFirst) {
  options_.limit = 1;
  EXPECT_EQ(MakeVoc(options_)->Size(), 1);
  options_.limit = 5;
  EXPECT_EQ(MakeVoc(options_)->Size(), 2);
}

TEST_F(VocFolder, SplitMayBeAPath) {
  options_.split = folder_.File("mine.txt");
  WriteBytes(options_.split, "b\n");
  EXPECT_EQ(MakeVoc(options_)->Name(0), "b");
}

TEST_F(VocFolder, AbsoluteFoldersStandForThemselves) {
  options_.masks = folder_.File("other");
  MakeFolders(options_.masks);
  WriteMask(options_.masks + "/a.png", PatternMask(20, 30, 3), VocLabels());
  EXPECT_TRUE(SamePixels(MakeVoc(options_)->Get(0).truth.LabelMap(), PatternMask(20, 30, 3)));
}

TEST_F(VocFolder, SbdLabelsInEveryPlaceComeFirst) {
  options_.sbd = folder_.File("sbd");
  MakeFolders(options_.sbd + "/cls");
  EXPECT_TRUE(SamePixels(MakeVoc(options_)->Get(0).truth.LabelMap(), PatternMask(20, 30, 21)));
  EXPECT_THAT(GetError(1), AllOf(HasSubstr("no mask for \"b\""), HasSubstr("sbd/cls/b.*"),
                                 HasSubstr("SegmentationClass/b.*")));
  WriteMask(options_.sbd + "/a.png", PatternMask(20, 30, 5), VocLabels());
  EXPECT_TRUE(SamePixels(MakeVoc(options_)->Get(0).truth.LabelMap(), PatternMask(20, 30, 5)));
  WriteMask(options_.sbd + "/cls/a.png", PatternMask(20, 30, 7), VocLabels());
  EXPECT_TRUE(SamePixels(MakeVoc(options_)->Get(0).truth.LabelMap(), PatternMask(20, 30, 7)));

  const cv::Mat labels = PatternMask(20, 30, 9);
  cv::Mat columns = labels.t();
  size_t one[2] = {1, 1};
  size_t dims[2] = {20, 30};
  const char* fields[1] = {"Segmentation"};
  mat_t* file = Mat_CreateVer((options_.sbd + "/cls/a.mat").c_str(), nullptr, MAT_FT_MAT5);
  ASSERT_NE(file, nullptr);
  matvar_t* record = Mat_VarCreateStruct("GTcls", 2, one, fields, 1);
  Mat_VarSetStructFieldByName(
      record, "Segmentation", 0,
      Mat_VarCreate("Segmentation", MAT_C_UINT8, MAT_T_UINT8, 2, dims, columns.data, 0));
  ASSERT_EQ(Mat_VarWrite(file, record, MAT_COMPRESSION_ZLIB), 0);
  Mat_VarFree(record);
  Mat_Close(file);
  const auto voc = MakeVoc(options_);
  EXPECT_TRUE(SamePixels(voc->Get(0).truth.LabelMap(), labels));

  std::vector<std::thread> threads;
  std::array<bool, 4> same = {};
  for (bool& ok : same) {
    threads.emplace_back([&] {
      ok = true;
      for (int i = 0; i < 20; ++i) ok = ok && SamePixels(voc->Get(0).truth.LabelMap(), labels);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(same, testing::Each(true));
}

TEST_F(VocFolder, SbdAloneNeedsNoMaskFolder) {
  std::filesystem::remove_all(root_ + "/SegmentationClass");
  EXPECT_THAT(MakeError(), HasSubstr("no folder " + root_ + "/SegmentationClass"));
  options_.sbd = folder_.File("sbd");
  EXPECT_THAT(MakeError(), HasSubstr("no folder " + options_.sbd));
  MakeFolders(options_.sbd);
  EXPECT_EQ(MakeVoc(options_)->Size(), 2);
}

TEST_F(VocFolder, UnknownSplitListsWhatIsThere) {
  options_.split = "tarin";
  EXPECT_THAT(MakeError(), AllOf(HasSubstr("\"tarin\""), HasSubstr("did you mean \"train\""),
                                 HasSubstr("train, val")));
}

TEST_F(VocFolder, BadListsAreErrors) {
  List("train", " \n");
  EXPECT_THAT(MakeError(), AllOf(HasSubstr("train.txt"), HasSubstr("empty")));
  List("train", "a\nb\na\n");
  EXPECT_THAT(MakeError(), HasSubstr("\"a\" is entry 1 and again entry 3"));
  List("train", "a\nb -1\n");
  EXPECT_THAT(MakeError(), HasSubstr("entry 2"));
}

TEST_F(VocFolder, ListsOfPairsNameTheirMasks) {
  MakeFolders(root_ + "/SegmentationClassAug");
  WriteMask(root_ + "/SegmentationClassAug/b.png", PatternMask(10, 12, 4), VocLabels());
  List("train_aug",
       "/JPEGImages/a.jpg /SegmentationClass/a.png\n"
       "/JPEGImages/b.jpg /SegmentationClassAug/b.png\n");
  options_.split = "train_aug";
  const auto voc = MakeVoc(options_);
  EXPECT_EQ(voc->Name(1), "b");
  EXPECT_TRUE(SamePixels(voc->Get(0).truth.LabelMap(), PatternMask(20, 30, 21)));
  EXPECT_TRUE(SamePixels(voc->Get(1).truth.LabelMap(), PatternMask(10, 12, 4)));
  List("train_aug", "/JPEGImages/b.jpg /SegmentationClassAgu/b.png\n");
  EXPECT_THAT(GetError(0), AllOf(HasSubstr(root_ + "/SegmentationClassAgu/b.png: no such mask"),
                                 HasSubstr("train_aug.txt")));
}

TEST_F(VocFolder, ListsOfPairsNeedNoFolderOfMasks) {
  std::filesystem::rename(root_ + "/SegmentationClass", root_ + "/SegmentationClassAug");
  List("train", "/JPEGImages/a.jpg /SegmentationClassAug/a.png\n");
  EXPECT_TRUE(SamePixels(MakeVoc(options_)->Get(0).truth.LabelMap(), PatternMask(20, 30, 21)));
  List("train", "a\n");
  EXPECT_THAT(MakeError(), AllOf(HasSubstr("no folder " + root_ + "/SegmentationClass"),
                                 HasSubstr("nearest: " + root_ + "/SegmentationClassAug")));
}

TEST_F(VocFolder, SettingsAreThoseOfOld) {
  EXPECT_EQ(MakeVoc(options_)->Settings(), Json::object());
}

TEST_F(VocFolder, WrongRootIsExplained) {
  options_.root = folder_.File("none");
  EXPECT_THAT(MakeError(), HasSubstr("no such folder " + options_.root));
  options_.root = folder_.path();
  EXPECT_THAT(MakeError(), HasSubstr("did you mean " + root_ + "?"));
  options_.root = root_ + "/JPEGImages";
  EXPECT_THAT(MakeError(), HasSubstr("did you mean " + root_));
  options_.root = "";
  EXPECT_THAT(MakeError(), HasSubstr("\"root\" is empty"));
}

TEST_F(VocFolder, BrokenPairsNameTheirFiles) {
  EXPECT_THAT(GetError(1), AllOf(HasSubstr("SegmentationClass/b.png: no such mask"),
                                 HasSubstr("JPEGImages/b.jpg")));
  WriteMask(root_ + "/SegmentationClass/b.png", PatternMask(10, 11, 21), VocLabels());
  EXPECT_THAT(GetError(1), AllOf(HasSubstr("b.png"), HasSubstr("11x10"), HasSubstr("b.jpg"),
                                 HasSubstr("12x10")));
  WriteMask(root_ + "/SegmentationClass/b.png", PatternMask(10, 12, 22), VocLabels());
  EXPECT_THAT(GetError(1),
              AllOf(HasSubstr("b.png"), HasSubstr("label 21"), HasSubstr("21 classes")));
  std::filesystem::remove(root_ + "/JPEGImages/b.jpg");
  EXPECT_THAT(GetError(1), AllOf(HasSubstr("b.jpg"), HasSubstr("train.txt")));
}

TEST(VocOptions, FromJson) {
  const Json json = {{"name", "voc"}, {"root", "r"},  {"split", "val"}, {"images", "i"},
                     {"masks", "m"},  {"lists", "l"}, {"sbd", "s"},     {"limit", 3}};
  const VocOptions options = VocOptions::FromJson(json, "data");
  EXPECT_EQ(options.root, "r");
  EXPECT_EQ(options.split, "val");
  EXPECT_EQ(options.images, "i");
  EXPECT_EQ(options.masks, "m");
  EXPECT_EQ(options.lists, "l");
  EXPECT_EQ(options.sbd, "s");
  EXPECT_EQ(options.limit, 3);
  const auto error = [](const Json& j) {
    return ErrorOf([&] { VocOptions::FromJson(j, "data"); });
  };
  EXPECT_THAT(error({{"name", "voc"}}), AllOf(HasSubstr("data.root"), HasSubstr("--data-root")));
  EXPECT_THAT(error({{"root", "r"}, {"spilt", "val"}}),
              AllOf(HasSubstr("spilt"), HasSubstr("split")));
  EXPECT_THAT(error({{"root", "r"}, {"limit", -1}}), HasSubstr("data.limit"));
}

TEST(VocLabels, NamesAndColors) {
  EXPECT_EQ(VocLabels().names.at(15), "person");
  EXPECT_EQ(VocLabels().names.at(20), "tvmonitor");
  EXPECT_EQ(VocLabels().palette.at(15), (Color{192, 128, 128}));
}

TEST(RealVoc, EverySampleReads) {
  VocOptions options;
  options.root = SharedPath("data/voc");
  options.split = "val";
  if (!FolderExists(options.root)) GTEST_SKIP() << "no " << options.root;
  const auto voc = MakeVoc(options);
  ASSERT_EQ(voc->Size(), 217);
  int64_t labelled = 0;
  for (int64_t i = 0; i < voc->Size(); ++i) {
    const cv::Mat label = voc->Get(i).truth.LabelMap();
    labelled += cv::countNonZero((label > 0) & (label != kIgnoreLabel));
  }
  EXPECT_GT(labelled, 0);
}

}  // namespace
}  // namespace seglab
