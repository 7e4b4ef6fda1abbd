#include "regions/propose.h"

#include <gmock/gmock.h>

#include <opencv2/core.hpp>
#include <set>
#include <string>

#include "base/test_error.h"
#include "regions/test_images.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

bool SameMaps(const RegionSet& a, const RegionSet& b) {
  if (a.segment_maps().size() != b.segment_maps().size()) return false;
  for (size_t i = 0; i < a.segment_maps().size(); ++i) {
    if (cv::countNonZero(a.segment_maps()[i] != b.segment_maps()[i]) != 0) return false;
  }
  return true;
}

std::string WholeMask(const RegionSet& set, size_t region) {
  cv::Mat mask(set.height(), set.width(), CV_8UC1, cv::Scalar(0));
  set.Mask(region).copyTo(mask(set.regions()[region].box));
  return {mask.begin<uint8_t>(), mask.end<uint8_t>()};
}

TEST(ProposeTest, AnyNumberOfThreadsGivesTheSame) {
  const cv::Mat image = BlockImage(120, 160, 1);
  for (ProposalOptions options : {ProposalOptions::Fast(), ProposalOptions::Quality()}) {
    options.width = 200;
    const RegionSet one = Propose(image, options, 1);
    EXPECT_EQ(one.hierarchies().size(),
              options.colors.size() * options.ks.size() * options.similarities.size());
    for (int threads : {2, 5}) {
      const RegionSet more = Propose(image, options, threads);
      EXPECT_EQ(one.regions(), more.regions());
      EXPECT_EQ(one.hierarchies(), more.hierarchies());
      EXPECT_TRUE(SameMaps(one, more));
    }
  }
}

TEST(ProposeTest, BoxesAndAreasAreThoseOfTheMasks) {
  const cv::Mat image = BlockImage(90, 70, 2);
  for (int width : {0, 40, 70, 200}) {
    ProposalOptions options;
    options.width = width;
    options.min_side = 4;
    const RegionSet set = Propose(image, options, 2);
    ASSERT_GT(set.regions().size(), 5u);
    for (size_t i = 0; i < set.regions().size(); ++i) {
      const Region& region = set.regions()[i];
      const cv::Mat mask = set.Mask(i);
      ASSERT_EQ(mask.size(), region.box.size());
      EXPECT_EQ(cv::countNonZero(mask), region.area);
      for (const cv::Mat& side :
           {mask.row(0), mask.row(mask.rows - 1), mask.col(0), mask.col(mask.cols - 1)}) {
        EXPECT_GT(cv::countNonZero(side), 0);
      }
      const cv::Mat leaves = set.LeafMap(region.hierarchy);
      const cv::Mat inside = (leaves >= region.first) & (leaves < region.last);
      EXPECT_EQ(cv::countNonZero(inside), region.area);
      EXPECT_EQ(cv::countNonZero(inside(region.box) != (mask != 0)), 0);
    }
  }
}

TEST(ProposeTest, BestFirstWithoutDuplicates) {
  const cv::Mat image = BlockImage(90, 120, 3);
  for (Duplicates duplicates : {Duplicates::kMasks, Duplicates::kBoxes}) {
    ProposalOptions options;
    options.duplicates = duplicates;
    const RegionSet set = Propose(image, options, 1);
    std::set<std::string> masks;
    std::set<std::vector<int>> boxes;
    for (size_t i = 0; i < set.regions().size(); ++i) {
      const Region& r = set.regions()[i];
      EXPECT_LE(r.score, set.regions()[i > 0 ? i - 1 : 0].score);
      EXPECT_LE(r.score, 0);
      EXPECT_GE(r.score, -static_cast<float>(r.level));
      EXPECT_EQ(r.level == 1, r.area == 90 * 120);
      masks.insert(WholeMask(set, i));
      boxes.insert({r.box.x, r.box.y, r.box.width, r.box.height});
    }
    EXPECT_EQ(masks.size(), set.regions().size());
    EXPECT_EQ(boxes.size() == set.regions().size(), duplicates == Duplicates::kBoxes);
    EXPECT_TRUE(masks.count(std::string(90 * 120, 1)));
  }
}

TEST(ProposeTest, SeedAndNumberOfRegions) {
  const cv::Mat image = BlockImage(90, 120, 4);
  ProposalOptions options;
  const RegionSet all = Propose(image, options, 1);
  options.max_regions = 7;
  const RegionSet few = Propose(image, options, 1);
  EXPECT_EQ(few.regions(), std::vector<Region>(all.regions().begin(), all.regions().begin() + 7));
  options.seed = 1;
  EXPECT_NE(Propose(image, options, 1).regions(), few.regions());
}

TEST(ProposeTest, SmallBoxesAreLeftOut) {
  ProposalOptions options;
  options.width = 0;
  options.min_side = 30;
  const RegionSet set = Propose(BlockImage(90, 120, 5), options, 1);
  ASSERT_GT(set.regions().size(), 3u);
  for (const Region& region : set.regions()) {
    EXPECT_GE(std::min(region.box.width, region.box.height), 30);
  }
}

TEST(ProposeTest, FlatAndTinyImagesAreOneRegion) {
  for (const cv::Size size :
       {cv::Size(1, 1), cv::Size(5, 5), cv::Size(40, 1), cv::Size(1, 40), cv::Size(64, 48)}) {
    for (int width : {0, 100}) {
      ProposalOptions options;
      options.width = width;
      const RegionSet set = Propose(cv::Mat(size, CV_8UC3, cv::Scalar(90, 80, 10)), options, 2);
      ASSERT_EQ(set.regions().size(), 1u);
      const Region& region = set.regions()[0];
      EXPECT_EQ(region.box, cv::Rect(cv::Point(0, 0), size));
      EXPECT_EQ(region.area, size.area());
      EXPECT_EQ(region.level, 1);
      EXPECT_EQ(cv::countNonZero(set.Mask(0)), size.area());
    }
  }
}

TEST(ProposeTest, AnImageSmallerThanASegmentOfTwoColoursIsOneRegion) {
  cv::Mat image(5, 5, CV_8UC3, cv::Scalar(0, 0, 0));
  image.colRange(2, 5).setTo(cv::Scalar(255, 255, 255));
  ProposalOptions options;
  options.width = 0;
  EXPECT_EQ(Propose(image, options, 1).regions().size(), 1u);  // 25 pixels, segments have 50
  options.width = 500;
  EXPECT_GE(Propose(image, options, 1).regions().size(), 3u);
}

TEST(ProposeTest, AVeryTallImageStaysSmall) {
  ProposalOptions options;
  options.width = 100;
  const RegionSet set = Propose(BlockImage(5000, 3, 6), options, 1);
  EXPECT_NEAR(static_cast<double>(set.segment_maps()[0].total()), 40000, 4000);
  for (const Region& region : set.regions()) EXPECT_LE(region.box.br().y, 5000);
}

TEST(ProposeTest, GreyImagesHaveRegionsInEverySpace) {
  cv::Mat image(60, 80, CV_8UC3, cv::Scalar::all(40));
  image(cv::Rect(20, 15, 30, 30)).setTo(cv::Scalar::all(190));
  for (const ColorSpaceRow& row : ColorSpaceRows()) {
    ProposalOptions options;
    options.colors = {row.space};
    options.sigma = options.width = 0;
    // The square, what is around it, and both; grey has no hue.
    const size_t expected = row.space == ColorSpace::kHue ? 1 : 3;
    EXPECT_EQ(Propose(image, options, 1).regions().size(), expected) << row.name;
  }
}

TEST(ProposeTest, TheFirstHierarchyIsThatOfTheProposals) {
  const cv::Mat image = BlockImage(90, 120, 7);
  const WholeHierarchy whole = FirstHierarchy(image, {});
  const RegionSet set = Propose(image, {}, 1);
  EXPECT_EQ(cv::countNonZero(whole.segments.map != set.segment_maps()[0]), 0);
  const std::vector<int> leaves(whole.tree.first.begin(),
                                whole.tree.first.begin() + whole.tree.leaves);
  EXPECT_EQ(leaves, set.hierarchies()[0].leaf_of_segment);
  EXPECT_EQ(whole.image.cols, 500);
}

TEST(ProposeTest, RefusesOtherImages) {
  EXPECT_THAT(ErrorOf([] { Propose(cv::Mat(4, 4, CV_8UC1), {}, 1); }), HasSubstr("three channels"));
  EXPECT_THAT(ErrorOf([] { Propose(cv::Mat(), {}, 1); }), HasSubstr("0 pixels"));
}

TEST(ProposalOptionsTest, ReadWhatTheyWrite) {
  for (const char* mode : {"fast", "quality"}) {
    const ProposalOptions options = ProposalOptions::FromJson(mode, "options");
    const Json json = options.ToJson();
    EXPECT_EQ(ProposalOptions::FromJson(json, "options").ToJson(), json);
  }
  EXPECT_EQ(ProposalOptions::Quality().colors.size(), 5u);
  const ProposalOptions options = ProposalOptions::FromJson(
      {{"mode", "quality"}, {"ks", {70}}, {"colors", {"RGI"}}, {"duplicates", "boxes"}}, "options");
  EXPECT_EQ(options.similarities.size(), 4u);
  EXPECT_EQ(options.ks, std::vector<double>{70});
  EXPECT_EQ(options.colors, std::vector<ColorSpace>{ColorSpace::kRgi});
  EXPECT_EQ(options.duplicates, Duplicates::kBoxes);
}

TEST(ProposalOptionsTest, SayWhatIsWrong) {
  const auto error = [](const Json& json) {
    return ErrorOf([&] { ProposalOptions::FromJson(json, "options"); });
  };
  EXPECT_THAT(error("fats"), AllOf(HasSubstr("options"), HasSubstr("fast")));
  EXPECT_THAT(error({{"colors", {"HSV"}}}), AllOf(HasSubstr("options.colors"), HasSubstr("Hsv")));
  EXPECT_THAT(error({{"colors", Json::array()}}), HasSubstr("empty"));
  EXPECT_THAT(error({{"similarities", {"CTSF", "Q"}}}), HasSubstr("options.similarities"));
  EXPECT_THAT(error({{"ks", {50, 50}}}), AllOf(HasSubstr("element 1"), HasSubstr("twice")));
  EXPECT_THAT(error({{"ks", {0.5}}}), HasSubstr("1 to"));
  EXPECT_THAT(error({{"sigma", -1}}), HasSubstr("options.sigma"));
  EXPECT_THAT(error({{"width", 20000}}), HasSubstr("options.width"));
  EXPECT_THAT(error({{"min_side", -1}}), HasSubstr("options.min_side"));
  EXPECT_THAT(error({{"max_regions", -1}}), HasSubstr("options.max_regions"));
  EXPECT_THAT(error({{"duplicates", "mask"}}), HasSubstr("masks"));
  EXPECT_THAT(error({{"min_sides", 3}}), HasSubstr("min_side"));
}

TEST(RegionSetTest, RefusesWhatDoesNotHangTogether) {
  const cv::Mat map = (cv::Mat_<int>(1, 2) << 0, 1);
  const RegionSet::Hierarchy good{0, {1, 0}};
  const Region region{cv::Rect(0, 0, 2, 1), 0, 0, 2, 1, 2, 0.0f};
  const auto error = [&](const cv::Mat& m, const RegionSet::Hierarchy& h, const Region& r) {
    return ErrorOf([&] { RegionSet(1, 2, {m}, {h}, {r}); });
  };
  EXPECT_EQ(error(map, good, region), "");
  EXPECT_NE(error(cv::Mat(1, 2, CV_8UC1), good, region), "");
  EXPECT_NE(error(-map, good, region), "");
  EXPECT_NE(error(map, {1, {1, 0}}, region), "");
  EXPECT_NE(error(map, {0, {1, 1}}, region), "");
  EXPECT_NE(error(map, {0, {1, 0, 2}}, region), "");
  Region bad = region;
  bad.last = 3;
  EXPECT_NE(error(map, good, bad), "");
  bad = region;
  bad.hierarchy = 1;
  EXPECT_NE(error(map, good, bad), "");
  bad = region;
  bad.box.x = 1;
  EXPECT_NE(error(map, good, bad), "");
}

TEST(RegionSetTest, NearestPixels) {
  EXPECT_EQ(NearestIndices(4, 2), (std::vector{0, 0, 1, 1}));
  EXPECT_EQ(NearestIndices(2, 4), (std::vector{1, 3}));
  EXPECT_EQ(NearestIndices(3, 3), (std::vector{0, 1, 2}));
  EXPECT_EQ(NearestIndices(1, 500), (std::vector{250}));
}

}  // namespace
}  // namespace seglab
