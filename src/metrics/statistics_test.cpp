#include "metrics/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/files.h"
#include "base/random.h"
#include "base/test_error.h"
#include "base/test_folder.h"
#include "metrics/confusion_matrix.h"

namespace seglab {
namespace {

constexpr int kClasses = 5;

/// Images of 1000 pixels: a few classes each, of which a share is found that differs from image to
/// image; what is missed is said to be class 0.
EvaluatedImages Drawn(int images, double skill, uint64_t seed) {
  EvaluatedImages found;
  found.classes = kClasses;
  for (int i = 0; i < images; ++i) {
    RandomStream random(seed, 1, static_cast<uint64_t>(i));
    ClassCounts counts(kClasses);
    const double ease = random.Uniform(-0.3, 0.3);  // of the picture, for any network
    int64_t left = 1000;
    for (int c = kClasses - 1; c >= 0; --c) {
      if (c > 0 && random.Chance(0.5)) continue;
      const int64_t pixels = c == 0 ? left : random.Int(left / 2 + 1);
      const double share = std::clamp(skill + ease + random.Uniform(-0.1, 0.1), 0.0, 1.0);
      const auto hit = static_cast<int64_t>(static_cast<double>(pixels) * share);
      left -= pixels;
      counts.truth[c] += pixels;
      counts.hit[c] += hit;
      counts.predicted[c] += hit;
      counts.predicted[c == 0 ? 1 : 0] += pixels - hit;
    }
    ImageCounts image;
    image.name = std::to_string(i);
    for (int c = 0; c < kClasses; ++c) {
      if (counts.truth[c] + counts.predicted[c] > 0)
        image.classes.push_back({c, counts.truth[c], counts.predicted[c], counts.hit[c]});
    }
    found.images.push_back(image);
  }
  return found;
}

double MeanIou(const EvaluatedImages& images) { return ComputeScores(images.Sum()).mean_iou; }

Interval IntervalOf(const Evaluations& evaluations, const StatisticsOptions& options) {
  return BootstrapIntervals(evaluations, {options.score}, options).front();
}

TEST(ImageCountsTest, AddUpToTheScoresOfAllPixels) {
  const TestFolder folder;
  const std::string path = folder.File("images.jsonl");
  WriteFileAtomically(
      path,
      std::string_view(
          "{\"name\": \"a\", \"truth\": [3, 0, 1], \"predicted\": [2, 1, 1], \"hit\": [2, 0, 1]}\n"
          "{\"name\": \"b\", \"truth\": [0, 4, 0], \"predicted\": [0, 3, 1], \"hit\": [0, 3, "
          "0]}\n"));
  const EvaluatedImages images = ReadImageCounts(path);
  ASSERT_EQ(images.images.size(), 2U);
  EXPECT_EQ(images.images[1].classes.size(), 2U) << "those that occur alone";
  ConfusionMatrix matrix(3);
  const uint8_t truth[] = {0, 0, 0, 2, 1, 1, 1, 1}, said[] = {0, 0, 1, 2, 1, 1, 1, 2};
  matrix.Add(truth, said, 8, 255, "both");
  const Scores by_images = ComputeScores(images.Sum()), by_pixels = ComputeScores(matrix);
  for (const char* name : {"pixel_acc", "mean_acc", "mean_iou", "fw_iou", "mean_dice"})
    EXPECT_DOUBLE_EQ(ScoreOf(by_images, name), ScoreOf(by_pixels, name)) << name;
}

TEST(ImageCountsTest, AnotherFormIsRefused) {
  const TestFolder folder;
  const std::string path = folder.File("images.jsonl");
  for (const char* line :
       {"{\"name\": \"a\", \"truth\": [1], \"predicted\": [1]}\n", "[1]\n",
        "{\"name\": \"a\", \"truth\": [1], \"predicted\": [-1], \"hit\": [0]}\n",
        "{\"name\": \"a\", \"truth\": [1], \"predicted\": [1, 2], \"hit\": [0]}\n", "{\"name\""}) {
    WriteFileAtomically(path, std::string_view(line));
    EXPECT_THROW(ReadImageCounts(path), Error) << line;
  }
}

// Of 300 sets of 100 images the interval of each, and the score on very many images.
TEST(StatisticsTest, IntervalsCoverTheTruthAsOftenAsTheySay) {
  const double truth = MeanIou(Drawn(40000, 0.7, 1));
  StatisticsOptions options;
  options.samples = 600;
  int covered = 0;
  constexpr int kSets = 300;
  for (int set = 0; set < kSets; ++set) {
    const EvaluatedImages images = Drawn(100, 0.7, 100 + static_cast<uint64_t>(set));
    const Interval interval = IntervalOf({&images}, options);
    EXPECT_LE(interval.low, interval.value);
    EXPECT_GE(interval.high, interval.value);
    covered += interval.low <= truth && truth <= interval.high ? 1 : 0;
  }
  EXPECT_GE(covered, kSets * 93 / 100);
  EXPECT_LE(covered, kSets * 97 / 100);
}

TEST(StatisticsTest, TwoNetworksOnTheSameImages) {
  const EvaluatedImages worse = Drawn(80, 0.62, 5), better = Drawn(80, 0.66, 5),
                        same = Drawn(80, 0.62, 5);
  StatisticsOptions options;
  options.exchanges = 2000;
  const Comparison differs = Compare({&worse}, {&better}, options);
  EXPECT_NEAR(differs.difference.value, MeanIou(better) - MeanIou(worse), 1e-12);
  EXPECT_GT(differs.difference.low, 0);
  EXPECT_LT(differs.p, 0.01);
  EXPECT_FALSE(differs.exact);
  const Interval alone = IntervalOf({&worse}, options);
  EXPECT_LT(differs.difference.high - differs.difference.low, alone.high - alone.low)
      << "pairs know more than each by itself";
  const Comparison equal = Compare({&worse}, {&same}, options);
  EXPECT_EQ(equal.p, 1);
  EXPECT_EQ(equal.difference.low, 0);
  EXPECT_EQ(equal.difference.high, 0);
}

// Two networks of the same skill are told apart at p < 0.05 in about one of twenty comparisons.
TEST(StatisticsTest, NoiseIsRarelyTakenForADifference) {
  StatisticsOptions options;
  options.samples = 2;
  options.exchanges = 400;
  int found = 0;
  constexpr int kPairs = 200;
  for (int i = 0; i < kPairs; ++i) {
    // The networks' own luck comes from other streams; the pictures' ease is the same.
    EvaluatedImages a = Drawn(40, 0.6, static_cast<uint64_t>(1000 + i));
    EvaluatedImages b = a;
    for (size_t image = 0; image < a.images.size(); ++image) {
      for (size_t c = 0; c < a.images[image].classes.size(); ++c) {
        RandomStream luck(7, static_cast<uint64_t>(i), image * 10 + c);
        for (EvaluatedImages* one : {&a, &b}) {
          ImageCounts::One& counts = one->images[image].classes[c];
          const int64_t lost = luck.Int(counts.hit / 5 + 1);
          counts.hit -= lost;
        }
      }
    }
    found += Compare({&a}, {&b}, options).p < 0.05 ? 1 : 0;
  }
  EXPECT_GE(found, kPairs * 1 / 100);
  EXPECT_LE(found, kPairs * 9 / 100);
}

TEST(StatisticsTest, FewImagesAreGoneThroughInAllWays) {
  const EvaluatedImages a = Drawn(6, 0.5, 9), b = Drawn(6, 0.7, 9);
  const Comparison found = Compare({&a}, {&b}, {});
  EXPECT_TRUE(found.exact);
  // b is better on each image: only the order as it is, and its reverse, are as far apart.
  EXPECT_DOUBLE_EQ(found.p, 2.0 / 64);
  const EvaluatedImages few = Drawn(3, 0.5, 9);
  EXPECT_TRUE(std::isnan(IntervalOf({&few}, {}).low)) << "too few for an interval";
}

TEST(StatisticsTest, SeedsAreAveraged) {
  const EvaluatedImages a = Drawn(30, 0.5, 3), b = Drawn(30, 0.7, 3);
  const Interval both = IntervalOf({&a, &b}, {});
  EXPECT_NEAR(both.value, (MeanIou(a) + MeanIou(b)) / 2, 1e-12);
  const EvaluatedImages c = Drawn(30, 0.6, 3);
  StatisticsOptions few;
  few.exchanges = 50;
  few.samples = 2;
  // Two seeds beside three of the same mean: nothing that could be told apart.
  EXPECT_EQ(Compare({&c, &c}, {&c, &c, &c}, few).p, 1);
  const Comparison found = Compare({&a, &a}, {&b}, {});
  EXPECT_NEAR(found.difference.value, MeanIou(b) - MeanIou(a), 1e-12);
}

TEST(StatisticsTest, OtherImagesAreRefused) {
  const EvaluatedImages a = Drawn(10, 0.5, 3), fewer = Drawn(9, 0.5, 3), others = Drawn(10, 0.5, 4);
  EXPECT_TRUE(SameImages(a, Drawn(10, 0.9, 3))) << "other answers";
  EXPECT_FALSE(SameImages(a, fewer));
  EXPECT_FALSE(SameImages(a, others)) << "other truth under the same names";
  EXPECT_THROW(Compare({&a}, {&others}, {}), Error);
  StatisticsOptions options;
  options.score = "iou";
  EXPECT_THROW(IntervalOf({&a}, options), Error);
}

// statsmodels' multipletests(p, method="holm") and R's p.adjust(p, "holm").
TEST(StatisticsTest, Holm) {
  const std::vector<double> adjusted = HolmAdjusted({0.01, 0.04, 0.03, 0.005});
  const double expected[] = {0.03, 0.06, 0.06, 0.02};
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(adjusted[i], expected[i], 1e-12);
  EXPECT_TRUE(HolmAdjusted({}).empty());
  const std::vector<double> partly = HolmAdjusted({std::nan(""), 0.001, 0.5});
  EXPECT_TRUE(std::isnan(partly[0]));
  EXPECT_NEAR(partly[1], 0.002, 1e-12);
  EXPECT_EQ(HolmAdjusted({0.8, 0.9}), (std::vector<double>{1, 1}));
}

// scipy.stats.ttest_ind([1, 2, 3, 4], [3, 4, 6], equal_var=False).pvalue
TEST(StatisticsTest, SeedsByWelch) {
  const SeedComparison found = CompareSeeds({1, 2, 3, 4}, {3, 4, 6});
  EXPECT_NEAR(found.difference, 11.0 / 6, 1e-12);
  EXPECT_NEAR(found.p, 0.16948562587879953, 1e-9);
  EXPECT_GT(found.seeds_needed, 3);
  EXPECT_TRUE(std::isnan(CompareSeeds({1}, {2, 3}).p));
  EXPECT_EQ(CompareSeeds({2, 2}, {3, 3}).p, 0);
  EXPECT_EQ(CompareSeeds({2, 2}, {2, 2}).p, 1);
}

}  // namespace
}  // namespace seglab
