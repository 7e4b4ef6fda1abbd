#include "data/region_crops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <set>

#include "base/files.h"
#include "base/test_folder.h"
#include "data/region_truth.h"
#include "data/registry.h"
#include "data/test_dataset.h"
#include "data/test_images.h"

namespace seglab {
namespace {

using ::testing::HasSubstr;

constexpr int kSide = 96;

/// A red square of class 1, a blue one of class 2 and a speck of class 2 on green.
Sample SquaresSample() {
  cv::Mat image(kSide, kSide, CV_8UC3, cv::Scalar(20, 160, 40));
  cv::Mat labels(kSide, kSide, CV_8UC1, cv::Scalar(0));
  const auto draw = [&](const cv::Rect& box, const cv::Scalar& color, int label) {
    image(box).setTo(color);
    labels(box).setTo(label);
  };
  draw({8, 8, 32, 32}, {220, 30, 30}, 1);
  draw({50, 40, 36, 44}, {30, 30, 220}, 2);
  draw({2, 90, 3, 3}, {30, 30, 220}, 2);
  return {image, labels, "squares"};
}

Sample GreenSample() {
  return {cv::Mat(kSide, kSide, CV_8UC3, cv::Scalar(20, 160, 40)),
          cv::Mat(kSide, kSide, CV_8UC1, cv::Scalar(0)), "green"};
}

std::shared_ptr<const Dataset> Crops(const RegionCropsOptions& options) {
  return MakeRegionCrops(
      std::make_shared<MemoryDataset>(std::vector<Sample>{SquaresSample(), GreenSample()}, 3),
      options);
}

RegionCropsOptions SmallOptions() {
  RegionCropsOptions options;
  options.proposals.width = 0;
  options.proposals.min_side = 8;
  options.crop = {33, 2};
  options.positives = 6;
  options.negatives = 10;
  options.min_object = 8;
  return options;
}

TEST(RegionCrops, ObjectsAndBackgroundStandInTheirShares) {
  const auto crops = Crops(SmallOptions());
  ASSERT_EQ(crops->Size(), 32);
  EXPECT_EQ(crops->GetTask(), Task::kClassification);
  std::set<int> seen;
  for (int64_t i = 0; i < 16; ++i) {
    const Sample sample = crops->Get(i);
    EXPECT_EQ(sample.image.size(), cv::Size(33, 33));
    EXPECT_EQ(sample.name, crops->Name(i));
    const int category = sample.truth.CategoryIndex();
    seen.insert(category);
    if (i < 6) {
      EXPECT_GT(category, 0) << i;
    } else {
      EXPECT_EQ(category, 0) << i;
    }
  }
  EXPECT_EQ(seen, (std::set<int>{0, 1, 2}));
}

TEST(RegionCrops, AnImageWithoutObjectsGivesBackground) {
  const auto crops = Crops(SmallOptions());
  for (int64_t i = 16; i < 32; ++i) EXPECT_EQ(crops->Get(i).truth.CategoryIndex(), 0) << i;
}

TEST(RegionCrops, CropsShowTheirClass) {
  const auto crops = Crops(SmallOptions());
  for (int64_t i = 0; i < 6; ++i) {
    const Sample sample = crops->Get(i);
    const cv::Vec3b middle = sample.image.at<cv::Vec3b>(16, 16);
    const int strongest = sample.truth.CategoryIndex() == 1 ? 0 : 2;
    EXPECT_GT(middle[strongest], 200) << i;
  }
}

TEST(RegionCrops, AreFunctionsOfTheirIndexWithAndWithoutCache) {
  TestFolder folder;
  RegionCropsOptions cached = SmallOptions();
  cached.cache = folder.path();
  const auto first = Crops(SmallOptions()), second = Crops(cached);
  for (const int64_t i : {5, 20, 0, 15, 5}) {
    const Sample a = first->Get(i), b = second->Get(i), c = second->Get(i);
    EXPECT_EQ(cv::norm(a.image, b.image, cv::NORM_INF), 0) << i;
    EXPECT_EQ(cv::norm(a.image, c.image, cv::NORM_INF), 0) << i;
    EXPECT_EQ(a.truth.CategoryIndex(), b.truth.CategoryIndex()) << i;
  }
  EXPECT_EQ(first->Settings(), second->Settings());
  RegionCropsOptions other = SmallOptions();
  other.seed = 1;
  EXPECT_NE(first->Settings(), Crops(other)->Settings());
}

TEST(RegionCrops, ForegroundAloneLeavesTheFillAround) {
  RegionCropsOptions options = SmallOptions();
  options.foreground = true;
  const auto crops = Crops(options);
  const cv::Vec3b fill(124, 116, 104);
  for (int64_t i = 0; i < 6; ++i)
    EXPECT_EQ(crops->Get(i).image.at<cv::Vec3b>(0, 0), fill) << "the context is no object";
}

TEST(RegionCrops, AreAnOptionOfEveryDataSet) {
  const Json json = ParseJson(R"({
    "name": "shapes", "size": 3, "height": 64, "width": 64,
    "regions": {"positives": 2, "negatives": 1, "crop": {"side": 20, "context": 1}, "min_object": 4,
                "proposals": {"mode": "fast", "width": 0, "min_side": 4}}})",
                              "test");
  const auto crops = MakeDataset(json);
  EXPECT_EQ(crops->Size(), 9);
  EXPECT_EQ(crops->Get(8).image.size(), cv::Size(20, 20));
}

TEST(RegionCrops, BadOptionsAreNamed) {
  const auto error = [](const char* text) {
    return ErrorOf([&] { RegionCropsOptions::FromJson(ParseJson(text, "test"), "data.regions"); });
  };
  EXPECT_THAT(error(R"({"positives": 0, "negatives": 0})"), HasSubstr("no crop"));
  EXPECT_THAT(error(R"({"fill": [1, 2]})"), HasSubstr("data.regions.fill"));
  EXPECT_THAT(error(R"({"fill": [1, 2, 256]})"), HasSubstr("data.regions.fill"));
  EXPECT_THAT(error(R"({"features": "full+fg"})"), HasSubstr("data.regions.features"));
  EXPECT_THAT(error(R"({"crops": 1})"), HasSubstr("crops"));
  const Json classes = {{"name", "shapes_classes"}, {"regions", Json::object()}};
  EXPECT_THAT(ErrorOf([&] { MakeDataset(classes); }), HasSubstr("no label maps"));
}

TEST(RegionTruth, OverlapsAreThoseOfTheBestObjectOfEachClass) {
  const Sample sample = SquaresSample();
  ObjectMap map = ConnectedObjects(sample.truth.LabelMap());
  ASSERT_EQ(map.objects.size(), 3);
  DropSmallObjects(map, 8);
  EXPECT_EQ(map.classes, (std::vector<int>{1, 2}));
  // One segment: the whole image.
  const RegionSet whole(kSide, kSide, {cv::Mat::zeros(kSide, kSide, CV_32SC1)}, {{0, {0}}},
                        {{{0, 0, kSide, kSide}, 0, 0, 1, 1, kSide * kSide, 1}});
  const std::vector<float> overlaps = ClassOverlaps(whole, map, 2);
  ASSERT_EQ(overlaps.size(), 2);
  EXPECT_FLOAT_EQ(overlaps[0], 32.f * 32 / (kSide * kSide));
  EXPECT_FLOAT_EQ(overlaps[1], 36.f * 44 / (kSide * kSide));
  const std::vector<RegionShape> shapes = ObjectShapes(map);
  ASSERT_EQ(shapes.size(), 2);
  EXPECT_EQ(shapes[1].box, cv::Rect(50, 40, 36, 44));
  EXPECT_EQ(cv::countNonZero(shapes[1].mask), 36 * 44);
}

}  // namespace
}  // namespace seglab
