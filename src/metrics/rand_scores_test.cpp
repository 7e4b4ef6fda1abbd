#include "metrics/rand_scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/random.h"
#include "metrics/connected_parts.h"

namespace seglab {
namespace {

/// A label map as it is drawn: '#' boundary, 0; '.' object, 1; '?' void.
struct Drawing {
  Drawing(const std::vector<std::string>& rows)  // NOLINT: a drawing is its rows
      : height(static_cast<int64_t>(rows.size())),
        width(static_cast<int64_t>(rows.front().size())) {
    for (const std::string& row : rows) {
      for (const char c : row)
        labels.push_back(static_cast<uint8_t>(c == '?' ? 255 : c == '.' ? 1 : 0));
    }
  }
  int64_t height, width;
  std::vector<uint8_t> labels;
};

RandScores ScoresOf(const Drawing& truth, const Drawing& said) {
  RandScores scores(1);
  scores.Add(truth.labels.data(), said.labels.data(), truth.height, truth.width);
  return scores;
}

/// How far pixels lie from pixel `from`, over sides and through `open`; -1: not reached.
std::vector<int> StepsFrom(int64_t from, const std::vector<uint8_t>& open, int64_t height,
                           int64_t width) {
  std::vector<int> steps(open.size(), -1);
  steps[static_cast<size_t>(from)] = 0;
  for (bool changed = true; changed;) {
    changed = false;
    for (int64_t p = 0; p < height * width; ++p) {
      for (int64_t q = 0; q < height * width; ++q) {
        if (std::abs(p / width - q / width) + std::abs(p % width - q % width) != 1) continue;
        const int here = steps[static_cast<size_t>(p)];
        int& there = steps[static_cast<size_t>(q)];
        if (here < 0 || open[static_cast<size_t>(q)] == 0) continue;
        if (there < 0 || there > here + 1) {
          there = here + 1;
          changed = true;
        }
      }
    }
  }
  return steps;
}

/// Parts by what reaches what.
std::vector<int32_t> PartsByReach(const std::vector<uint8_t>& set, int64_t height, int64_t width) {
  std::vector<int32_t> parts(set.size());
  int32_t last = 0;
  for (size_t p = 0; p < set.size(); ++p) {
    if (set[p] == 0 || parts[p] != 0) continue;
    ++last;
    const std::vector<int> steps = StepsFrom(static_cast<int64_t>(p), set, height, width);
    for (size_t q = 0; q < set.size(); ++q) {
      if (steps[q] >= 0) parts[q] = last;
    }
  }
  return parts;
}

/// The score over all ordered pairs of pixels.
RandScore OfAllPairs(const std::vector<int32_t>& objects, const std::vector<int32_t>& segments) {
  double both = 0, object = 0, segment = 0;
  for (size_t p = 0; p < objects.size(); ++p) {
    for (size_t q = 0; q < objects.size(); ++q) {
      if (objects[p] == 0 || objects[q] == 0) continue;
      const bool one_object = objects[p] == objects[q];
      const bool one_segment = p == q || (segments[p] != 0 && segments[p] == segments[q]);
      object += one_object ? 1 : 0;
      segment += one_segment ? 1 : 0;
      both += one_object && one_segment ? 1 : 0;
    }
  }
  return {1 - 2 * both / (object + segment), both / object, both / segment};
}

void ExpectNear(const RandScore& score, const RandScore& expected) {
  EXPECT_NEAR(score.error, expected.error, 1e-12);
  EXPECT_NEAR(score.split, expected.split, 1e-12);
  EXPECT_NEAR(score.merge, expected.merge, 1e-12);
}

TEST(RandScores, AreThoseOfAllPairs) {
  constexpr int64_t kHeight = 7, kWidth = 9;
  RandomStream random(5);
  int scored = 0, unreached = 0;
  for (int i = 0; i < 60; ++i) {
    std::vector<uint8_t> truth(kHeight * kWidth), said(truth.size()), known(truth.size());
    std::vector<uint8_t> in_objects(truth.size()), in_segments(truth.size());
    const double objects_part = random.Uniform(), segments_part = random.Uniform();
    double wrong = 0, pixels = 0;
    for (size_t p = 0; p < truth.size(); ++p) {
      truth[p] = random.Chance(0.2) ? 255 : random.Chance(objects_part) ? 2 : 0;
      said[p] = random.Chance(segments_part) ? 2 : 1;
      known[p] = truth[p] != 255;
      in_objects[p] = truth[p] == 2;
      in_segments[p] = said[p] == 2 && known[p] != 0;
      pixels += known[p];
      wrong += known[p] != 0 && truth[p] != said[p] ? 1 : 0;
    }
    RandScores scores(2);
    scores.Add(truth.data(), said.data(), kHeight, kWidth);
    EXPECT_NEAR(scores.PixelError(), wrong / pixels, 1e-12);
    const std::vector<int32_t> objects = PartsByReach(in_objects, kHeight, kWidth);
    std::vector<int32_t> segments = PartsByReach(in_segments, kHeight, kWidth);
    EXPECT_EQ(ConnectedParts(in_objects, kHeight, kWidth), objects);
    if (scores.images() == 0) continue;
    ++scored;
    ExpectNear(scores.Mean(), OfAllPairs(objects, segments));
    // Each predicted boundary pixel looks for its nearest segment by itself.
    const std::vector<int32_t> seeds = segments;
    for (size_t p = 0; p < seeds.size(); ++p) {
      if (seeds[p] != 0 || known[p] == 0) continue;
      const std::vector<int> steps = StepsFrom(static_cast<int64_t>(p), known, kHeight, kWidth);
      int nearest = std::numeric_limits<int>::max();
      for (size_t q = 0; q < seeds.size(); ++q) {
        if (seeds[q] == 0 || steps[q] < 0 || steps[q] > nearest) continue;
        if (steps[q] < nearest || seeds[q] < segments[p]) segments[p] = seeds[q];
        nearest = steps[q];
      }
      unreached += segments[p] == 0 ? 1 : 0;
    }
    ExpectNear(scores.MeanThin(), OfAllPairs(objects, segments));
  }
  EXPECT_GT(scored, 40);
  EXPECT_GT(unreached, 0);
}

const std::vector<std::string> kTwoCells = {"....#....",  //
                                            "....#....",  //
                                            "....#...."};

TEST(RandScores, NothingIsWrong) {
  const RandScores scores = ScoresOf(kTwoCells, kTwoCells);
  EXPECT_EQ(scores.PixelError(), 0);
  ExpectNear(scores.Mean(), {0, 1, 1});
  ExpectNear(scores.MeanThin(), {0, 1, 1});
}

TEST(RandScores, AGapMergesAll) {
  // One pixel of 27 is wrong, and two cells of 12 are one of 24.
  const RandScores scores = ScoresOf(kTwoCells, {{"....#....", ".........", "....#...."}});
  EXPECT_NEAR(scores.PixelError(), 1 / 27.0, 1e-12);
  const double pairs = 2 * 144, in_segment = 576;
  const RandScore expected = {1 - pairs / ((pairs + in_segment) / 2), 1, 0.5};
  ExpectNear(scores.Mean(), expected);
  ExpectNear(scores.MeanThin(), expected);
}

TEST(RandScores, ALineSplits) {
  // The left cell is two of 6 and 3 with three pixels of boundary, the middle column.
  const RandScores scores = ScoresOf(kTwoCells, {{"..#.#....", "..#.#....", "..#.#...."}});
  const double in_object = 2 * 144;
  const double pairs = 36 + 9 + 3 + 144, thin = 81 + 9 + 144;  // ties go to the first segment
  ExpectNear(scores.Mean(), {1 - pairs / ((pairs + in_object) / 2), pairs / in_object, 1});
  ExpectNear(scores.MeanThin(), {1 - thin / ((thin + in_object) / 2), thin / in_object, 1});
}

TEST(RandScores, WideBoundariesCostNothingWhenThin) {
  const RandScores scores = ScoresOf(kTwoCells, {{"...###...", "...###...", "..#####.."}});
  EXPECT_GT(scores.Mean().error, 0.1);
  EXPECT_EQ(scores.Mean().merge, 1);
  ExpectNear(scores.MeanThin(), {0, 1, 1});
  EXPECT_NEAR(scores.PixelError(), 8 / 27.0, 1e-12);
}

TEST(RandScores, CornersDoNotConnect) {
  const Drawing truth({"..#", "..#", "##."});
  const RandScores scores = ScoresOf(truth, truth);
  ExpectNear(scores.Mean(), {0, 1, 1});
  // If they did, these would be one object, as they are where the corner is filled.
  EXPECT_LT(ScoresOf(truth, {{"..#", "...", "##."}}).Mean().merge, 1);
}

TEST(RandScores, WhatIsSaidInVoidChangesNothing) {
  const Drawing truth({"...?...", "...?...", "##.?..."});
  const RandScores scores = ScoresOf(truth, {{".......", ".......", "##....."}});
  EXPECT_EQ(scores.PixelError(), 0);
  ExpectNear(scores.Mean(), {0, 1, 1});
  ExpectNear(ScoresOf(truth, {{"...#...", "...#...", "##.#..."}}).MeanThin(), {0, 1, 1});
  // Void between a boundary and all segments: nothing reaches it.
  const RandScores apart = ScoresOf({{"..?.."}}, {{"..?##"}});
  ExpectNear(apart.Mean(), {1 - 6 / 7.0, 6 / 8.0, 1});
  ExpectNear(apart.MeanThin(), apart.Mean());
}

TEST(RandScores, OfNothingAreNone) {
  const RandScores none = ScoresOf({{"??", "??"}}, {{"..", "##"}});
  EXPECT_TRUE(std::isnan(none.PixelError()));
  EXPECT_TRUE(std::isnan(none.Mean().error));
  const RandScores no_objects = ScoresOf({{"##", "##"}}, {{"..", "##"}});
  EXPECT_EQ(no_objects.PixelError(), 0.5);
  EXPECT_EQ(no_objects.images(), 0);
  EXPECT_TRUE(std::isnan(no_objects.Mean().error));
  EXPECT_TRUE(std::isnan(no_objects.MeanThin().split));
  // Objects of which nothing was found: each pixel is alone.
  const RandScores missed = ScoresOf({{"..", ".."}}, {{"##", "##"}});
  ExpectNear(missed.Mean(), {1 - 4 / 10.0, 4 / 16.0, 1});
  ExpectNear(missed.MeanThin(), missed.Mean());
}

TEST(RandScores, AreMeansOverImages) {
  RandScores scores(1);
  const Drawing truth(kTwoCells), merged({"....#....", ".........", "....#...."});
  const Drawing empty({"###"});
  scores.Add(truth.labels.data(), truth.labels.data(), 3, 9);
  scores.Add(truth.labels.data(), merged.labels.data(), 3, 9);
  scores.Add(empty.labels.data(), empty.labels.data(), 1, 3);
  EXPECT_EQ(scores.images(), 2);
  EXPECT_NEAR(scores.PixelError(), 1 / 81.0, 1e-12);
  EXPECT_NEAR(scores.Mean().merge, 0.75, 1e-12);
  EXPECT_NEAR(scores.Mean().error, (1 - 2 / 3.0) / 2, 1e-12);
}

}  // namespace
}  // namespace seglab
