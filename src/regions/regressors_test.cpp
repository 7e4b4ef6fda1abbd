#include "regions/regressors.h"

#include <gmock/gmock.h>

#include "base/test_error.h"
#include "base/test_log.h"
#include "regions/test_examples.h"

namespace seglab {
namespace {

using ::testing::HasSubstr;

TEST(TrainRegressorsTest, EqualsARegressorOfAllScaledRows) {
  const TestExamples examples = MakeExamples({"cat", "dog"}, 2, 6, 20, 8, 1);
  RegressorOptions options;
  options.svr.tolerance = 1e-6;
  options.svr.cost = .01;
  const RegionRegressors trained = TrainRegressors(examples, options);
  EXPECT_EQ(trained.rows, 6 * 22);
  EXPECT_GT(trained.bytes, 0);
  EXPECT_EQ(trained.scale, FeatureScale(examples, {}));
  for (size_t c = 0; c < 2; ++c) {
    std::vector<float> values, targets;
    for (const auto& image : examples.images()) {
      for (const TestRegion& region : image) {
        for (const float value : region.features) {
          values.push_back(static_cast<float>(value * trained.scale));
        }
        targets.push_back(region.overlap[c]);
      }
    }
    const LinearModel expected = TrainSvr({values.data(), trained.rows, 8}, targets, options.svr);
    EXPECT_NEAR(trained.models[c].objective, expected.objective, 1e-4);
    EXPECT_NEAR(trained.models[c].bias, expected.bias, 1e-3);
    // Ground truth scores more than what overlaps nothing, in the mean.
    double sum[2] = {}, count[2] = {};
    for (const auto& image : examples.images()) {
      for (const TestRegion& region : image) {
        if (region.overlap[c] > 0 && region.overlap[c] < 1) continue;
        double score = trained.models[c].bias;
        for (size_t d = 0; d < 8; ++d) score += trained.models[c].weights[d] * region.features[d];
        sum[region.overlap[c] == 1] += score;
        ++count[region.overlap[c] == 1];
      }
    }
    EXPECT_GT(sum[1] / count[1], sum[0] / count[0] + .3);
  }
}

TEST(TrainRegressorsTest, DrawsSoManyRegionsOfAnImage) {
  const TestExamples examples = MakeExamples({"cat", "dog"}, 2, 6, 20, 8, 1);
  RegressorOptions options;
  options.regions_per_image = 10;
  const RegionRegressors first = TrainRegressors(examples, options);
  EXPECT_EQ(first.rows, 60);
  EXPECT_EQ(TrainRegressors(examples, options).models[0].weights, first.models[0].weights);
  options.seed = 1;
  EXPECT_NE(TrainRegressors(examples, options).models[0].weights, first.models[0].weights);
}

TEST(TrainRegressorsTest, AClassThatNoRegionOverlapsIsNamed) {
  const TestExamples examples = MakeExamples({"cat", "dog", "car"}, 2, 4, 10, 8, 2);
  RegionRegressors trained;
  const std::string log = LogOf([&] { trained = TrainRegressors(examples, {}); });
  EXPECT_THAT(log, HasSubstr("warning: regressors: no region overlaps car;"));
  EXPECT_EQ(trained.models[2].bias, kAbsentClassBias);
  EXPECT_GT(trained.models[1].bias, kAbsentClassBias);
}

TEST(TrainRegressorsTest, SaysWhatIsWrong) {
  TestExamples examples({"cat"}, 1);
  examples.Add({{{1}, -1, {0}}});
  EXPECT_THAT(ErrorOf([&] { TrainRegressors(examples, {}); }),
              HasSubstr("none of 1 regions overlaps an object"));
  EXPECT_THAT(ErrorOf([] {
                RegressorOptions::FromJson({{"regions_per_image", 0}}, "regressors");
              }),
              HasSubstr("regressors.regions_per_image"));
  EXPECT_THAT(ErrorOf([] {
                RegressorOptions::FromJson({{"svr", {{"cost", 0}}}}, "regressors");
              }),
              HasSubstr("regressors.svr.cost"));
  const RegressorOptions options;
  EXPECT_EQ(RegressorOptions::FromJson(options.ToJson(), "regressors").ToJson(), options.ToJson());
}

}  // namespace
}  // namespace seglab
