#include "data/folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "base/test_folder.h"
#include "data/camvid.h"
#include "data/image_file.h"
#include "data/masks.h"
#include "data/test_images.h"

namespace seglab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const LabelSet kThree = {{"a", "b", "c"}, {}};

/// Images and masks of the given stems, 8 x 10, the masks with labels 0 to 2.
void WritePairs(const std::string& images, const std::string& masks,
                const std::vector<std::string>& stems) {
  MakeFolders(images);
  MakeFolders(masks);
  for (const std::string& stem : stems) {
    WriteImage(images + "/" + stem + ".png", PatternImage(8, 10));
    WriteMask(masks + "/" + stem + ".png", PatternMask(8, 10, 3), kThree);
  }
}

class PlainFolder : public testing::Test {
 protected:
  PlainFolder() {
    options_.root = folder_.path();
    Classes(R"({"names": ["a", "b", "c"]})");
  }
  void Classes(const std::string& json) { WriteBytes(folder_.File("classes.json"), json); }
  std::string MakeError() {
    return ErrorOf([this] { MakeFolder(options_); });
  }
  std::string GetError(int64_t index) {
    return ErrorOf([&] { MakeFolder(options_)->Get(index); });
  }

  TestFolder folder_;
  FolderOptions options_;
};

TEST_F(PlainFolder, EverythingSortedByStem) {
  WritePairs(folder_.File("images"), folder_.File("masks"), {"x2", "x1", "x.3"});
  WriteImage(folder_.File("images/x0.JPG"), PatternImage(8, 10));
  WriteMask(folder_.File("masks/x0.png"), PatternMask(8, 10, 2), kThree);
  const auto data = MakeFolder(options_);
  ASSERT_EQ(data->Size(), 4);
  EXPECT_EQ(data->Name(0), "x.3");
  EXPECT_EQ(data->Name(1), "x0");
  EXPECT_TRUE(SamePixels(data->Get(0).image, PatternImage(8, 10)));
  EXPECT_TRUE(SamePixels(data->Get(0).truth.LabelMap(), PatternMask(8, 10, 3)));
  EXPECT_TRUE(SamePixels(data->Get(1).truth.LabelMap(), PatternMask(8, 10, 2)));
  EXPECT_EQ(data->Labels().palette.at(2), VocColor(2));
  options_.limit = 2;
  EXPECT_EQ(MakeFolder(options_)->Size(), 2);
}

TEST_F(PlainFolder, PaletteAndIgnore) {
  WritePairs(folder_.File("images"), folder_.File("masks"), {"x"});
  Classes(R"({"names": ["a", "b"], "palette": [[1, 2, 3], [4, 5, 255]], "ignore": [2, 77]})");
  const auto data = MakeFolder(options_);
  EXPECT_EQ(data->Labels().palette.at(1), (Color{4, 5, 255}));
  const cv::Mat label = data->Get(0).truth.LabelMap();
  const cv::Mat raw = PatternMask(8, 10, 3);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 10; ++x) {
      const int value = raw.at<uint8_t>(y, x);
      ASSERT_EQ(label.at<uint8_t>(y, x), value == 2 ? kIgnoreLabel : value);
    }
  }
}

TEST_F(PlainFolder, ValuesOfMasksBecomeClasses) {
  WritePairs(folder_.File("images"), folder_.File("masks"), {"x"});
  Classes(R"({"names": ["a", "b"], "values": {"0": 1, "1": 255, "2": 0}})");
  const cv::Mat label = MakeFolder(options_)->Get(0).truth.LabelMap();
  const cv::Mat raw = PatternMask(8, 10, 3);
  const int expected[] = {1, kIgnoreLabel, 0};
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 10; ++x)
      ASSERT_EQ(label.at<uint8_t>(y, x), expected[raw.at<uint8_t>(y, x)]);
  }
}

TEST_F(PlainFolder, SplitAsFolder) {
  WritePairs(folder_.File("train/images"), folder_.File("train/masks"), {"t"});
  WritePairs(folder_.File("val/images"), folder_.File("val/masks"), {"v", "w"});
  options_.split = "val";
  EXPECT_EQ(MakeFolder(options_)->Name(1), "w");
  options_.split = "vla";
  EXPECT_THAT(MakeError(), AllOf(HasSubstr("did you mean \"val\""), HasSubstr("train, val")));
  options_.split = "";
  EXPECT_THAT(MakeError(), HasSubstr("\"split\" can be train, val"));
}

TEST_F(PlainFolder, SplitAsList) {
  WritePairs(folder_.File("images"), folder_.File("masks"), {"a", "b", "c"});
  WriteBytes(folder_.File("val.txt"), "c\na\nnone\n");
  options_.split = "val";
  const auto data = MakeFolder(options_);
  ASSERT_EQ(data->Size(), 3);
  EXPECT_EQ(data->Get(0).name, "c");
  EXPECT_THAT(GetError(2), HasSubstr("images/none: no such image"));
  // Absolute folders do not depend on the split, so the list must choose.
  options_.images = folder_.File("images");
  EXPECT_EQ(MakeFolder(options_)->Size(), 3);
  WriteBytes(folder_.File("val.txt"), "");
  EXPECT_THAT(MakeError(), HasSubstr("list is empty"));
}

TEST_F(PlainFolder, SplitInsideTheFolders) {
  WritePairs(folder_.File("images/train"), folder_.File("masks/train"), {"t"});
  WritePairs(folder_.File("images/val/city"), folder_.File("masks/val/city"), {"v", "w"});
  options_.split = "val";
  EXPECT_EQ(MakeFolder(options_)->Name(1), "city/w");
  EXPECT_EQ(MakeFolder(options_)->Get(0).truth.LabelMap().rows, 8);
  options_.split = "";
  EXPECT_EQ(MakeFolder(options_)->Size(), 3);
  EXPECT_THAT(FolderSplits(options_), testing::ElementsAre("train", "val"));
}

TEST_F(PlainFolder, PatternsAndKindsOfNames) {
  WritePairs(folder_.File("images"), folder_.File("masks"), {"Straße (2)", "s0"});
  std::filesystem::rename(folder_.File("masks/s0.png"), folder_.File("masks/s0_mask.PNG"));
  EXPECT_THAT(GetError(1), AllOf(HasSubstr("masks/s0.png: no such mask"),
                                 HasSubstr("nearest: " + folder_.File("masks/s0_mask.PNG")),
                                 HasSubstr("\"mask_pattern\": \"{stem}_mask\"")));
  EXPECT_EQ(MakeFolder(options_)->Get(0).name, "Straße (2)");
  options_.mask_pattern = "{stem}_mask";
  EXPECT_EQ(MakeFolder(options_)->Get(1).name, "s0");
  WriteBytes(folder_.File("images/._s0.png"), "left by a system");
  EXPECT_EQ(MakeFolder(options_)->Size(), 2);
}

TEST_F(PlainFolder, ListsOfPairsMayBeginAtTheRoot) {
  WritePairs(folder_.File("photos/day"), folder_.File("truth"), {"x"});
  WriteBytes(folder_.File("train.txt"), "photos/day/x.png truth/x.png\n");
  options_.split = "train";
  const auto data = MakeFolder(options_);
  EXPECT_EQ(data->Name(0), "photos/day/x");
  EXPECT_TRUE(SamePixels(data->Get(0).truth.LabelMap(), PatternMask(8, 10, 3)));
  WriteBytes(folder_.File("train.txt"), "x\n");
  EXPECT_THAT(MakeError(), HasSubstr("no folder " + folder_.File("images")));
}

TEST_F(PlainFolder, ClassesMayStandInTheOptions) {
  WritePairs(folder_.File("images"), folder_.File("masks"), {"x"});
  std::filesystem::remove(folder_.File("classes.json"));
  options_.classes = {{"names", {"u", "v", "w"}}};
  EXPECT_EQ(MakeFolder(options_)->Labels().names.at(2), "w");
}

TEST_F(PlainFolder, FoldersAndFiles) {
  EXPECT_THAT(MakeError(), HasSubstr("no folder " + folder_.File("images")));
  MakeFolders(folder_.File("images"));
  EXPECT_THAT(MakeError(), HasSubstr("no folder " + folder_.File("masks")));
  MakeFolders(folder_.File("masks"));
  EXPECT_THAT(MakeError(), HasSubstr("holds no image"));
  WritePairs(folder_.File("images"), folder_.File("masks"), {"x"});
  WriteImage(folder_.File("images/x.jpg"), PatternImage(8, 10));
  EXPECT_THAT(MakeError(), AllOf(HasSubstr("x.jpg"), HasSubstr("x.png"), HasSubstr("same name")));
  options_.root = folder_.File("none");
  EXPECT_THAT(MakeError(), HasSubstr("no such folder"));
}

TEST_F(PlainFolder, BrokenPairsNameTheirFiles) {
  WritePairs(folder_.File("images"), folder_.File("masks"), {"x"});
  WriteMask(folder_.File("masks/x.png"), PatternMask(8, 9, 3), kThree);
  EXPECT_THAT(GetError(0), AllOf(HasSubstr("masks/x.png"), HasSubstr("9x8"),
                                 HasSubstr("images/x.png"), HasSubstr("10x8")));
  WriteMask(folder_.File("masks/x.png"), PatternMask(8, 10, 4), kThree);
  EXPECT_THAT(GetError(0), AllOf(HasSubstr("masks/x.png: label 3"), HasSubstr("3 classes")));
  std::filesystem::remove(folder_.File("masks/x.png"));
  EXPECT_THAT(GetError(0), AllOf(HasSubstr("masks/x.png"), HasSubstr("no such mask")));
}

TEST_F(PlainFolder, BadClassFiles) {
  WritePairs(folder_.File("images"), folder_.File("masks"), {"x"});
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({})", "names"},
      {R"({"names": []})", "0 classes"},
      {R"({"names": ["a", "a"]})", "twice"},
      {R"({"names": ["a", 3]})", "names[1]"},
      {R"({"names": ["a"], "palette": [[1, 2, 3], [1, 2, 3]]})", "2 colors for 1 names"},
      {R"({"names": ["a"], "palette": [[1, 2]]})", "[r, g, b]"},
      {R"({"names": ["a"], "palette": [[1, 2, 256]]})", "256"},
      {R"({"names": ["a"], "ignore": [70000]})", "70000"},
      {R"({"names": ["a"], "ignored": [3]})", "ignored"},
      {R"({"names": ["a"], "values": [3]})", "values: must be an object"},
      {R"({"names": ["a"], "values": {"65536": 0}})", "65536 is no mask value"},
      {R"({"names": ["a"], "values": {"1,2,256": 0}})", "1,2,256 is no mask value"},
      {R"({"names": ["a"], "values": {"a": "x"}})", "x is no mask value"},
      {R"({"names": ["a"], "threshold": 128})", "two classes"},
      {R"({"names": ["a"], "values": {"x": 0}})", "x is no mask value"},
      {R"({"names": ["a"], "values": {"3": 1}})", "values.3: 1 is no class"},
      {R"({"names": ["sky"], "values": {"3": "sty"}})", "values.3: unknown class \"sty\""},
      {R"({"names": ["a"], "values": {"3": 0.5}})", "values.3"},
      {R"({"names": ["a")", "classes.json"}};
  for (const auto& [json, expected] : cases) {
    Classes(json);
    EXPECT_THAT(MakeError(), AllOf(HasSubstr("classes.json"), HasSubstr(expected))) << json;
  }
  std::filesystem::remove(folder_.File("classes.json"));
  EXPECT_THAT(MakeError(), HasSubstr("no file " + folder_.File("classes.json")));
}

TEST(FolderOptions, FromJson) {
  const Json json = {{"name", "folder"}, {"root", "r"},    {"split", "val"}, {"images", "i"},
                     {"masks", "m"},     {"classes", "c"}, {"limit", 3}};
  const FolderOptions options = FolderOptions::FromJson(json, "data");
  EXPECT_EQ(options.root, "r");
  EXPECT_EQ(options.split, "val");
  EXPECT_EQ(options.images, "i");
  EXPECT_EQ(options.masks, "m");
  EXPECT_EQ(options.classes, "c");
  EXPECT_EQ(options.limit, 3);
  EXPECT_THAT(ErrorOf([] {
                FolderOptions::FromJson({{"root", "r"}, {"mask", "m"}}, "data");
              }),
              HasSubstr("masks"));
}

class CamvidFolder : public PlainFolder {
 protected:
  CamvidFolder() {
    WritePairs(folder_.File("train"), folder_.File("trainannot"), {"p", "q"});
    WritePairs(folder_.File("val"), folder_.File("valannot"), {"v"});
    camvid_.root = folder_.path();
  }
  std::string CamvidError() {
    return ErrorOf([this] { MakeCamvid(camvid_)->Get(0); });
  }
  CamvidOptions camvid_;
};

TEST_F(CamvidFolder, Label11IsVoidAndNothingElseAbove10Is) {
  cv::Mat mask = PatternMask(8, 10, 12);
  mask.at<uint8_t>(0, 0) = kIgnoreLabel;
  const std::string path = folder_.File("trainannot/p.png");
  WriteMask(path, mask, CamvidLabels());
  const cv::Mat label = MakeCamvid(camvid_)->Get(0).truth.LabelMap();
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 10; ++x) {
      const int raw = mask.at<uint8_t>(y, x);
      ASSERT_EQ(label.at<uint8_t>(y, x), raw == 11 ? kIgnoreLabel : raw);
    }
  }
  mask.at<uint8_t>(5, 4) = 12;
  WriteMask(path, mask, CamvidLabels());
  EXPECT_THAT(CamvidError(), AllOf(HasSubstr(path), HasSubstr("label 12 at (4, 5)")));
}

TEST_F(CamvidFolder, SplitsAndLimit) {
  EXPECT_EQ(MakeCamvid(camvid_)->Size(), 2);
  camvid_.limit = 1;
  EXPECT_EQ(MakeCamvid(camvid_)->Size(), 1);
  camvid_.split = "test";
  EXPECT_THAT(CamvidError(), AllOf(HasSubstr("\"test\""), HasSubstr("train, val")));
}

TEST_F(CamvidFolder, WrongRootIsExplained) {
  camvid_.root = folder_.File("train");
  EXPECT_THAT(CamvidError(), HasSubstr("did you mean " + folder_.path()));
  camvid_.root = folder_.File("none");
  EXPECT_THAT(CamvidError(), HasSubstr("no such folder"));
}

TEST_F(CamvidFolder, BrokenPairsNameTheirFiles) {
  std::filesystem::remove(folder_.File("trainannot/p.png"));
  EXPECT_THAT(CamvidError(), AllOf(HasSubstr("trainannot/p.png"), HasSubstr("train/p.png")));
  WriteMask(folder_.File("trainannot/p.png"), PatternMask(9, 10, 3), kThree);
  EXPECT_THAT(CamvidError(), AllOf(HasSubstr("10x9"), HasSubstr("10x8")));
}

TEST(CamvidOptions, FromJson) {
  const CamvidOptions options = CamvidOptions::FromJson(
      {{"name", "camvid"}, {"root", "r"}, {"split", "val"}, {"limit", 3}}, "data");
  EXPECT_EQ(options.root, "r");
  EXPECT_EQ(options.split, "val");
  EXPECT_EQ(options.limit, 3);
  EXPECT_THAT(ErrorOf([] {
                CamvidOptions::FromJson({{"split", "val"}}, "data");
              }),
              HasSubstr("data.root"));
}

TEST(RealCamvid, EverySampleReads) {
  CamvidOptions options;
  options.root = SharedPath("data/camvid");
  options.split = "val";
  if (!FolderExists(options.root)) GTEST_SKIP() << "no " << options.root;
  const auto camvid = MakeCamvid(options);
  ASSERT_EQ(camvid->Size(), 101);
  for (int64_t i = 0; i < camvid->Size(); ++i) {
    EXPECT_EQ(camvid->Get(i).truth.LabelMap().size(), cv::Size(480, 360)) << camvid->Name(i);
  }
}

}  // namespace
}  // namespace seglab
