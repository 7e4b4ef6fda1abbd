#include "train/schedule.h"

#include <gmock/gmock.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/test_error.h"
#include "base/test_folder.h"
#include "base/test_log.h"
#include "data/test_dataset.h"
#include "models/test_models.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

ScheduleOptions Parse(const std::string& text) {
  return ScheduleOptions::FromJson(ParseJson(text, "test"), "train.schedule");
}

TEST(Schedule, FixedStaysAtOne) {
  for (int64_t i : {0, 1, 50, 99}) EXPECT_EQ(ScheduleFactor(Parse("\"fixed\""), i, 100), 1.0);
  EXPECT_EQ(ScheduleFactor(ScheduleOptions(), 3, 100), 1.0);
}

TEST(Schedule, StepFallsAtEachStep) {
  const ScheduleOptions options = Parse(R"({"name": "step", "step": 10, "gamma": 0.5})");
  const std::vector<std::pair<int64_t, double>> expected = {{0, 1},    {9, 1},     {10, 0.5},
                                                            {19, 0.5}, {20, 0.25}, {35, 0.125}};
  for (const auto& [i, factor] : expected) {
    EXPECT_DOUBLE_EQ(ScheduleFactor(options, i, 40), factor) << i;
  }
}

TEST(Schedule, StepDefaultsToDeepLabs) {
  EXPECT_DOUBLE_EQ(ScheduleFactor(Parse("\"step\""), 1999, 6000), 1);
  EXPECT_DOUBLE_EQ(ScheduleFactor(Parse("\"step\""), 2000, 6000), 0.1);
  EXPECT_NEAR(ScheduleFactor(Parse("\"step\""), 4000, 6000), 0.01, 1e-15);
}

TEST(Schedule, PolyFallsToZeroBehindTheLastIteration) {
  const ScheduleOptions options = Parse(R"({"name": "poly", "power": 0.9})");
  EXPECT_DOUBLE_EQ(ScheduleFactor(options, 0, 100), 1);
  EXPECT_NEAR(ScheduleFactor(options, 50, 100), 0.535886731268146, 1e-12);  // 0.5^0.9
  EXPECT_NEAR(ScheduleFactor(options, 99, 100), 0.015848931924611, 1e-12);  // 0.01^0.9
  EXPECT_DOUBLE_EQ(ScheduleFactor(Parse(R"({"name": "poly", "power": 1})"), 75, 100), 0.25);
  EXPECT_DOUBLE_EQ(ScheduleFactor(Parse("\"poly\""), 50, 100), ScheduleFactor(options, 50, 100));
}

TEST(Schedule, WarmupRisesLinearlyAndIsDoneAfterItsIterations) {
  const ScheduleOptions fixed = Parse(R"({"name": "fixed", "warmup": 4})");
  const double expected[] = {0.25, 0.5, 0.75, 1, 1, 1};
  for (int i = 0; i < 6; ++i) EXPECT_DOUBLE_EQ(ScheduleFactor(fixed, i, 100), expected[i]) << i;

  const ScheduleOptions poly = Parse(R"({"name": "poly", "power": 1, "warmup": 10})");
  EXPECT_DOUBLE_EQ(ScheduleFactor(poly, 4, 100), 0.5 * 0.96);
  EXPECT_DOUBLE_EQ(ScheduleFactor(poly, 20, 100), 0.8);
}

TEST(Schedule, ErrorsNameThePlace) {
  const auto error = [](const std::string& text) { return ErrorOf([&] { Parse(text); }); };
  EXPECT_THAT(error("\"polly\""), AllOf(HasSubstr("train.schedule.name: "), HasSubstr("\"polly\""),
                                        HasSubstr("did you mean \"poly\"?")));
  EXPECT_THAT(error(R"({"name": "step", "steps": 3})"),
              AllOf(HasSubstr("train.schedule.steps: "), HasSubstr("did you mean \"step\"?")));
  EXPECT_THAT(error(R"({"name": "step", "step": 0})"),
              AllOf(HasSubstr("train.schedule.step: "), HasSubstr("found 0")));
  EXPECT_THAT(error(R"({"name": "step", "step": 2.5})"),
              AllOf(HasSubstr("train.schedule.step: "), HasSubstr("integer")));
  EXPECT_THAT(error(R"({"name": "poly", "power": -1})"), HasSubstr("train.schedule.power: "));
  EXPECT_THAT(error(R"({"name": "poly", "warmup": -1})"), HasSubstr("train.schedule.warmup: "));
  EXPECT_THAT(error("3"), AllOf(HasSubstr("train.schedule: "), HasSubstr("object")));
}

}  // namespace
}  // namespace seglab
