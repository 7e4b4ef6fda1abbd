#include "regions/hard_negatives.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "base/test_error.h"
#include "base/test_log.h"
#include "regions/test_examples.h"

namespace seglab {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Features of this many values, whose mean norm is left as it is.
MiningOptions UnscaledMining() {
  MiningOptions options;
  options.scale.mean_norm = 0;
  options.svm.cost = .1;
  return options;
}

TestExamples ThreeClasses(int present = 3) {
  return MakeExamples({"cat", "dog", "car"}, present, 12, 30, 9, 1);
}

/// Rows of one class, dense and without sharing.
struct PlainRows {
  std::vector<std::vector<float>> rows;
  std::vector<float> labels;

  void Add(const std::vector<float>& row, float label) {
    rows.push_back(row);
    labels.push_back(label);
  }
  LinearModel Train(const SvmOptions& options) const {
    std::vector<float> values;
    for (const auto& row : rows) values.insert(values.end(), row.begin(), row.end());
    const FeatureView view{values.data(), static_cast<int64_t>(rows.size()),
                           static_cast<int64_t>(rows[0].size())};
    return TrainSvm(view, labels, options);
  }
};

double PlainScore(const LinearModel& model, const std::vector<float>& row) {
  double sum = model.bias;
  for (size_t d = 0; d < row.size(); ++d) {
    sum += static_cast<double>(model.weights[d]) * row[d];
  }
  return sum;
}

PlainRows Positives(const TestExamples& examples, int wanted) {
  PlainRows plain;
  for (const auto& image : examples.images()) {
    for (const TestRegion& region : image) {
      if (region.truth == wanted) plain.Add(region.features, 1);
    }
  }
  return plain;
}

bool IsNegative(const TestRegion& region, int wanted, double below) {
  return region.truth != wanted && region.overlap[static_cast<size_t>(wanted)] < below;
}

/// One pass of the published mining, for one class, as one would write it first.
LinearModel PlainPass(const TestExamples& examples, int wanted, const MiningOptions& options) {
  PlainRows plain = Positives(examples, wanted);
  LinearModel model;
  bool trained = false;
  int added = 0;
  for (size_t i = 0; i < examples.images().size(); ++i) {
    for (const TestRegion& region : examples.images()[i]) {
      if (!IsNegative(region, wanted, options.negative_overlap)) continue;
      if (trained && PlainScore(model, region.features) <= options.add_above) continue;
      plain.Add(region.features, -1);
      ++added;
    }
    const bool last = i + 1 == examples.images().size();
    if (trained && added <= options.retrain_after && !(last && added > 0)) continue;
    model = plain.Train(options.svm);
    trained = true;
    added = 0;
    PlainRows rest;
    for (size_t k = 0; k < plain.rows.size(); ++k) {
      if (plain.labels[k] < 0 && PlainScore(model, plain.rows[k]) < options.evict_below) continue;
      rest.Add(plain.rows[k], plain.labels[k]);
    }
    plain = rest;
  }
  return model;
}

TEST(HardNegativesTest, IsTheRecipeAsPublished) {
  const TestExamples examples = ThreeClasses();
  MiningOptions options = UnscaledMining();
  options.retrain_after = 15;
  const RegionClassifiers mined = MineHardNegatives(examples, options);
  ASSERT_EQ(mined.models.size(), 3u);
  for (int c = 0; c < 3; ++c) {
    const LinearModel expected = PlainPass(examples, c, options);
    const auto i = static_cast<size_t>(c);
    EXPECT_EQ(mined.models[i].weights, expected.weights);
    EXPECT_EQ(mined.models[i].bias, expected.bias);
    EXPECT_EQ(mined.models[i].objective, expected.objective);
    EXPECT_GT(mined.classes[i].trainings, 2);
    EXPECT_GT(mined.classes[i].evicted, 0);
  }
}

TEST(HardNegativesTest, ReachesTheFixedPointThatAllNegativesHave) {
  const TestExamples examples = MakeExamples({"cat", "dog", "car"}, 3, 12, 30, 30, 1);
  MiningOptions options = UnscaledMining();
  options.svm.bias_multiplier = 2;
  options.svm.tolerance = 1e-6;
  options.retrain_after = 10;
  HardNegativeMiner miner(examples, options);
  int passes = 0;
  while (miner.Pass() > 0) ASSERT_LT(++passes, 50);
  EXPECT_GE(passes, 2);  // the first one misses some
  const std::vector<LinearModel> models = miner.Models();
  EXPECT_EQ(miner.Pass(), 0);
  for (int c = 0; c < 3; ++c) {
    const auto i = static_cast<size_t>(c);
    EXPECT_EQ(miner.Models()[i].weights, models[i].weights);
    PlainRows all = Positives(examples, c);
    for (const auto& image : examples.images()) {
      for (const TestRegion& region : image) {
        if (IsNegative(region, c, .3)) all.Add(region.features, -1);
      }
    }
    const int64_t negatives = std::count(all.labels.begin(), all.labels.end(), -1.f);
    EXPECT_LT(miner.classes()[i].negatives, negatives / 2);
    const LinearModel expected = all.Train(options.svm);
    EXPECT_NEAR(models[i].objective, expected.objective, 1e-4 * expected.objective);
    for (size_t d = 0; d < expected.weights.size(); ++d) {
      EXPECT_NEAR(models[i].weights[d], expected.weights[d], 1e-3);
    }
    EXPECT_NEAR(models[i].bias, expected.bias, 1e-3);
  }
}

TEST(HardNegativesTest, EndsAtTheFixedPoint) {
  MiningOptions options = UnscaledMining();
  options.svm.tolerance = 1e-3;
  options.passes = 100;
  const RegionClassifiers mined = MineHardNegatives(ThreeClasses(), options);
  EXPECT_TRUE(mined.fixed_point);
  EXPECT_LT(mined.added.size(), 100u);
  EXPECT_GT(mined.added.front(), 0);
  EXPECT_EQ(mined.added.back(), 0);
  options.passes = 1;
  EXPECT_FALSE(MineHardNegatives(ThreeClasses(), options).fixed_point);
}

TEST(HardNegativesTest, SameBitsForAnyNumberOfThreads) {
  MiningOptions options;  // scaled, with the drawing that this needs
  options.retrain_after = 20;
  const RegionClassifiers one = MineHardNegatives(ThreeClasses(), options, 1);
  const RegionClassifiers three = MineHardNegatives(ThreeClasses(), options, 3);
  EXPECT_EQ(one.added, three.added);
  for (size_t c = 0; c < 3; ++c) EXPECT_EQ(one.models[c].weights, three.models[c].weights);
}

TEST(HardNegativesTest, TheScaleIsFoldedIn) {
  const TestExamples examples = ThreeClasses();
  const RegionClassifiers mined = MineHardNegatives(examples, MiningOptions());
  EXPECT_NE(mined.scale, 1);
  EXPECT_DOUBLE_EQ(mined.scale, FeatureScale(examples, ScaleOptions()));
  const std::vector<float>& row = examples.images()[3][5].features;
  std::vector<float> scaled = row;
  for (float& value : scaled) value *= static_cast<float>(mined.scale);
  for (size_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(PlainScore(mined.models[c], row), PlainScore(mined.classes[c].model, scaled), 1e-5);
  }
}

TEST(HardNegativesTest, AClassWithoutPositivesLeavesTheOthersAsTheyAre) {
  MiningOptions options = UnscaledMining();
  RegionClassifiers mined;
  const std::string log = LogOf([&] { mined = MineHardNegatives(ThreeClasses(2), options); });
  EXPECT_THAT(log, HasSubstr("warning: SVMs: no positive region of car;"));
  EXPECT_FALSE(mined.classes[2].trained);
  EXPECT_EQ(mined.models[2].weights, std::vector<float>(9, 0));
  EXPECT_EQ(mined.models[2].bias, kAbsentClassBias);
  const TestExamples without = MakeExamples({"cat", "dog"}, 2, 12, 30, 9, 1);
  const RegionClassifiers two = MineHardNegatives(without, options);
  for (size_t c = 0; c < 2; ++c) EXPECT_EQ(mined.models[c].weights, two.models[c].weights);
}

TEST(HardNegativesTest, AClassWithoutNegativesIsNamed) {
  TestExamples examples({"cat", "dog"}, 1);
  examples.Add({{{1}, 0, {1, .5f}}, {{2}, 1, {0, 1}}});
  RegionClassifiers mined;
  const std::string log = LogOf([&] { mined = MineHardNegatives(examples, UnscaledMining()); });
  EXPECT_TRUE(mined.classes[0].trained);
  EXPECT_FALSE(mined.classes[1].trained);
  EXPECT_EQ(mined.models[1].bias, kAbsentClassBias);
  EXPECT_THAT(log, HasSubstr("no negative region of dog"));
  EXPECT_THAT(log, Not(HasSubstr("no negative region of cat")));
}

TEST(HardNegativesTest, OverlapsDecideWhoIsWhat) {
  TestExamples examples({"cat"}, 1);
  examples.Add({{{3}, 0, {1}},      // ground truth
                {{1}, -1, {.1f}},   // below .2
                {{2}, -1, {.25f}},  // grey, or below .3
                {{2}, -1, {.5f}},   // grey, or a positive
                {{2}, -1, {1}}});   // not counted: no ground truth, and grey
  MiningOptions options = UnscaledMining();
  HardNegativeMiner published(examples, options);
  EXPECT_EQ(published.classes()[0].positives, 1);
  EXPECT_EQ(published.Pass(), 2);
  options.negative_overlap = .2;
  options.positive_overlap = .5;
  HardNegativeMiner sds(examples, options);
  EXPECT_EQ(sds.classes()[0].positives, 3);
  EXPECT_EQ(sds.Pass(), 1);
}

TEST(HardNegativesTest, FeaturesAreReadOnceForAllClassesAndShared) {
  const TestExamples examples = ThreeClasses();
  MiningOptions options = UnscaledMining();
  options.retrain_after = 1000000;  // all that is ever added stays till the end of the pass
  options.evict_below = -100;
  options.add_above = -100;
  HardNegativeMiner miner(examples, options);
  EXPECT_EQ(examples.features_read(), 12);  // each image has positives
  miner.Pass();
  EXPECT_EQ(examples.features_read(), 24);
  // Every region is somebody's example, and takes its memory once: at most 9 values and two pairs.
  EXPECT_GT(miner.classes()[0].negatives + miner.classes()[1].negatives, 12 * 32);
  EXPECT_LE(miner.peak_bytes(), 12 * 32 * 16 * (9 + 2));
}

TEST(HardNegativesTest, KeepsTheHardestOfTooMany) {
  const TestExamples examples = ThreeClasses();
  MiningOptions options = UnscaledMining();
  options.max_negatives = 12;
  options.retrain_after = 5;
  HardNegativeMiner miner(examples, options);
  const std::string log = LogOf([&] { miner.Pass(); });
  EXPECT_THAT(log, HasSubstr("of them hard (max_negatives)"));
  for (const MinedClass& mined : miner.classes()) {
    EXPECT_LE(mined.negatives, 12);
    EXPECT_GT(mined.dropped, 0);
    EXPECT_EQ(mined.negatives, mined.added - mined.evicted);
  }
  // Positives, and for each class its limit, what is added before a training, and one image.
  EXPECT_LE(miner.peak_bytes(), (24 + 3 * (12 + 5 + 32)) * 16 * (9 + 2));
}

TEST(HardNegativesTest, SaysWhatIsWrong) {
  TestExamples examples({"cat"}, 1);
  examples.Add({{{3}, -1, {.1f}}});
  EXPECT_THAT(ErrorOf([&] { MineHardNegatives(examples, UnscaledMining()); }),
              HasSubstr("no class has a positive region in 1 images"));
  MiningOptions options;
  options.passes = 0;
  EXPECT_THAT(ErrorOf([&] { MineHardNegatives(examples, options); }), HasSubstr("passes"));
}

}  // namespace
}  // namespace seglab
