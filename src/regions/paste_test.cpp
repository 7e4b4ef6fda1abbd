#include "regions/paste.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/test_error.h"
#include "regions/test_regions.h"

namespace seglab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr float kInf = std::numeric_limits<float>::infinity();

std::vector<int> Values(const cv::Mat& map) {
  return {map.ptr<int>(), map.ptr<int>() + map.total()};
}

/// Maps of one image, of which none is left unwritten.
std::vector<float> Maps(const RegionScores& scores, const RegionSet& set,
                        const PasteOptions& options) {
  const int64_t size = (scores.classes + 1) * set.height() * set.width();
  std::vector<float> out(static_cast<size_t>(size), std::nanf(""));
  PasteImage(scores, set, options, out);
  return out;
}

/// Two classes, three regions in a row of five pixels that overlap.
const RegionSet& Row() {
  static const RegionSet set = DrawRegions(1, 5, {{"###.."}, {".###."}, {"..#.."}});
  return set;
}

TEST(PasteTest, TheBestCoversTheOthers) {
  const RegionScores scores{3, 2, {.5f, -2, -2, .75f, 0, -3}};
  const std::vector<Segment> segments = ChooseSegments(scores, {});
  EXPECT_THAT(segments, ElementsAre(Segment{1, 2, .75f}, Segment{0, 1, .5f}, Segment{2, 1, 0}));
  EXPECT_THAT(Values(PaintSegments(segments, Row())), ElementsAre(1, 0, 0, 0, -1));
  EXPECT_THAT(Values(PasteLabels(segments, Row())), ElementsAre(1, 2, 2, 2, 0));
}

TEST(PasteTest, ScoresOfPixelsAreThoseOfTheirSegment) {
  // Classes: cat, dog, and one that speaks against every region.
  const RegionScores scores{3, 3, {.5f, -2, -7, -2, .75f, -6, 0, -3, -5}};
  PasteOptions options;
  options.threshold = -.5;
  options.margin = .25;
  const std::vector<float> maps = Maps(scores, Row(), options);
  EXPECT_THAT(maps, ElementsAre(-.5f, -.5f, -.5f, -.5f, -.5f,  // the background
                                .5f, -2, -2, -2, -.75f,        //
                                -2, .75f, .75f, .75f, -.75f,   //
                                -7, -6, -6, -6, -5));
}

TEST(PasteTest, TiesAreBrokenTowardsTheEarlier) {
  const RegionSet set = DrawRegions(1, 3, {{"##."}, {".##"}});
  const RegionScores scores{2, 2, {.5f, .5f, -3, .5f}};
  const std::vector<Segment> segments = ChooseSegments(scores, {});
  EXPECT_THAT(segments, ElementsAre(Segment{0, 1, .5f}, Segment{1, 2, .5f}));
  EXPECT_THAT(Values(PasteLabels(segments, set)), ElementsAre(1, 1, 2));
  // What ties is lower by the least that there is.
  EXPECT_THAT(Maps(scores, set, {}), ElementsAre(-1, -1, -1, .5f, .5f, -3, std::nextafter(.5f, 0.f),
                                                 std::nextafter(.5f, 0.f), .5f));
}

TEST(PasteTest, AScoreMustExceedTheThreshold) {
  const RegionScores scores{3, 1, {-1, -.99f, -1.01f}};
  EXPECT_THAT(ChooseSegments(scores, {}), ElementsAre(Segment{1, 1, -.99f}));
  PasteOptions options;
  options.threshold = -2;
  EXPECT_EQ(ChooseSegments(scores, options).size(), 3u);
  options.threshold = 0;
  EXPECT_TRUE(ChooseSegments(scores, options).empty());
  EXPECT_THAT(Maps(scores, Row(), options), ElementsAre(0, 0, 0, 0, 0, -1, -1, -1, -1, -1));
}

TEST(PasteTest, AtMostSoManySegments) {
  const RegionScores scores{3, 1, {.1f, .3f, .2f}};
  PasteOptions options;
  options.max_segments = 2;
  EXPECT_THAT(ChooseSegments(scores, options), ElementsAre(Segment{1, 1, .3f}, Segment{2, 1, .2f}));
  EXPECT_THAT(Maps(scores, Row(), options), ElementsAre(-1, -1, -1, -1, -1,  //
                                                        -2, .3f, .3f, .3f, -2));
}

TEST(PasteTest, TheSimplicityBiasAsksMoreOfFurtherSegments) {
  const RegionScores scores{3, 1, {.75f, .5f, .25f}};
  PasteOptions options;
  options.threshold = .125;
  options.simplicity_bias = .0625;  // the third must exceed .25
  EXPECT_EQ(ChooseSegments(scores, options).size(), 2u);
  options.simplicity_bias = .0624;
  EXPECT_EQ(ChooseSegments(scores, options).size(), 3u);
}

TEST(PasteTest, AnImageWithoutRegionsIsBackground) {
  const RegionSet none(1, 2, {}, {}, {});
  EXPECT_THAT(Maps({0, 2, {}}, none, {}), ElementsAre(-1, -1, -1e6f, -1e6f, -1e6f, -1e6f));
  EXPECT_THAT(Values(PasteLabels({}, none)), ElementsAre(0, 0));
}

TEST(PasteTest, OnlyTheBestRegionsOfAClassAreHeard) {
  RegionScores scores{3, 2, {.1f, .9f, .3f, -2, .3f, .8f}};
  PasteOptions options;
  options.top_regions = 1;
  SuppressScores(scores, Row(), options);
  // Of equals the earlier; what is not above the threshold stays as it is.
  EXPECT_THAT(scores.values, ElementsAre(-kInf, .9f, .3f, -2, -kInf, -kInf));
}

TEST(PasteTest, ABetterRegionOfTheClassSuppresses) {
  // Overlaps: first and second 2 of 4 pixels, second and third 1 of 3, first and third 1 of 3.
  const RegionScores scores{3, 2, {.5f, .1f, .7f, -2, .6f, .2f}};
  const auto suppressed = [&](double nms_overlap) {
    RegionScores changed = scores;
    PasteOptions options;
    options.nms_overlap = nms_overlap;
    SuppressScores(changed, Row(), options);
    return changed.values;
  };
  EXPECT_EQ(suppressed(1), scores.values);
  EXPECT_EQ(suppressed(.5), scores.values);  // not larger
  EXPECT_THAT(suppressed(.4), ElementsAre(-kInf, .1f, .7f, -2, .6f, .2f));
  // A suppressed region suppresses no other: for the second class it is the third that stays.
  EXPECT_THAT(suppressed(0), ElementsAre(-kInf, -kInf, .7f, -2, -kInf, .2f));
}

TEST(PasteTest, SuppressedScoresGiveNoSegment) {
  const RegionScores scores{3, 2, {.5f, -2, .7f, -2, .6f, -3}};
  PasteOptions options;
  options.nms_overlap = 0;
  // Where nothing is heard of a class, it scores a margin below the background; and so that the
  // best of a class is what a pixel without a segment takes.
  EXPECT_THAT(Maps(scores, Row(), options), ElementsAre(-1, -1, -1, -1, -1,     //
                                                        -2, .7f, .7f, .7f, -2,  //
                                                        -2, -2, -2, -2, -2));
}

TEST(PasteTest, ArgMaxIsThePaintedLabel) {
  RandomStream random(3);
  for (int trial = 0; trial < 60; ++trial) {
    const RegionSet set = RandomRegions(9, 11, 12, random);
    RegionScores scores = RandomScores(12, 3, .25, random);
    PasteOptions options;
    options.threshold = .25 * static_cast<double>(random.Int(-7, 2)) + .1 * (trial % 2);
    options.max_segments = static_cast<int>(random.Int(1, 12));
    options.top_regions = static_cast<int>(random.Int(0, 5));
    options.nms_overlap = random.Chance(.5) ? 1 : random.Uniform();
    options.simplicity_bias = random.Chance(.5) ? 0 : .1;
    const std::vector<float> maps = Maps(scores, set, options);
    SuppressScores(scores, set, options);
    const std::vector<int> labels = Values(PasteLabels(ChooseSegments(scores, options), set));
    for (size_t i = 0; i < labels.size(); ++i) {
      const auto best = static_cast<size_t>(labels[i]);
      for (size_t c = 0; c < 4; ++c) {
        ASSERT_TRUE(std::isfinite(maps[c * labels.size() + i]));
        if (c == best) continue;
        ASSERT_LT(maps[c * labels.size() + i], maps[best * labels.size() + i]);
      }
    }
  }
}

TEST(PasteTest, SaysWhatIsWrong) {
  RegionScores scores{3, 1, {0, std::nanf(""), 0}};
  EXPECT_THAT(ErrorOf([&] { ChooseSegments(scores, {}); }), HasSubstr("one is nan"));
  scores.values[1] = kInf;
  EXPECT_THAT(ErrorOf([&] { SuppressScores(scores, Row(), {}); }), HasSubstr("one is inf"));
  scores.values[1] = 0;
  std::vector<float> small(3);
  EXPECT_THROW(PasteImage(scores, Row(), {}, small), std::logic_error);
  EXPECT_THROW(Maps({2, 1, {0, 0}}, Row(), {}), std::logic_error);
  PasteOptions options;
  options.max_segments = 0;
  EXPECT_THAT(ErrorOf([&] { ChooseSegments(scores, options); }), HasSubstr("max_segments"));
}

}  // namespace
}  // namespace seglab
