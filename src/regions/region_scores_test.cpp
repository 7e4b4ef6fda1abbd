#include "regions/region_scores.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace seglab {
namespace {

TEST(RegionScorerTest, EqualsInnerProductsForAnyNumberOfThreads) {
  constexpr int64_t kRegions = 37, kDimension = 50, kClasses = 7;
  RandomStream random(1);
  std::vector<float> values(kRegions * kDimension);
  for (float& value : values) value = random.Chance(.5) ? 0.f : static_cast<float>(random.Normal());
  std::vector<LinearModel> models(kClasses);
  for (LinearModel& model : models) {
    for (int64_t d = 0; d < kDimension; ++d) {
      model.weights.push_back(static_cast<float>(random.Normal()));
    }
    model.bias = static_cast<float>(random.Normal());
  }
  const FeatureView features{values.data(), kRegions, kDimension};
  RegionScorer scorer(std::vector<LinearModel>(kClasses, models[0]));
  for (int64_t c = 0; c < kClasses; ++c) scorer.Set(c, models[static_cast<size_t>(c)]);
  const RegionScores scores = scorer.Score(features);
  ASSERT_EQ(scores.regions, kRegions);
  ASSERT_EQ(scores.classes, kClasses);
  for (int64_t r = 0; r < kRegions; ++r) {
    for (size_t c = 0; c < kClasses; ++c) {
      double expected = models[c].bias;
      for (size_t d = 0; d < kDimension; ++d) {
        expected += static_cast<double>(models[c].weights[d]) * features.Row(r)[d];
      }
      EXPECT_NEAR(scores.Row(r)[c], expected, 1e-4);
    }
  }
  EXPECT_EQ(scorer.Score(features, 3).values, scores.values);
  EXPECT_EQ(scorer.Score({nullptr, 0, kDimension}, 2).values.size(), 0u);
}

TEST(RegionScorerTest, RefusesOtherDimensions) {
  const std::vector<LinearModel> models = {{{1, 2}, 0, 0, true}, {{1}, 0, 0, true}};
  EXPECT_THROW(RegionScorer{models}, std::logic_error);
  const RegionScorer scorer(std::vector<LinearModel>{models[1]});
  const std::vector<float> values(2);
  EXPECT_THROW(scorer.Score({values.data(), 1, 2}), std::logic_error);
}

}  // namespace
}  // namespace seglab
