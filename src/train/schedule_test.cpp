#include "train/schedule.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <cmath>
#include <numbers>
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

TEST(Schedule, StepEqualsLibTorchs) {
  const ScheduleOptions options = Parse(R"({"name": "step", "step": 7, "gamma": 0.3})");
  torch::optim::SGD optimizer({torch::zeros({1})}, torch::optim::SGDOptions(2));
  torch::optim::StepLR theirs(optimizer, /*step_size=*/7, /*gamma=*/0.3);
  for (int64_t i = 0; i < 40; ++i) {
    theirs.step();  // in C++ the first one leaves the rate as it is
    const double rate = optimizer.param_groups()[0].options().get_lr();
    EXPECT_NEAR(2 * ScheduleFactor(options, i, 40), rate, 1e-12) << i;
  }
}

TEST(Schedule, CosineFallsAlongHalfAWave) {
  const ScheduleOptions options = Parse("\"cosine\"");
  EXPECT_EQ(ScheduleFactor(options, 0, 100), 1);
  EXPECT_NEAR(ScheduleFactor(options, 25, 100), 0.853553390593274, 1e-14);  // (2 + sqrt(2)) / 4
  EXPECT_NEAR(ScheduleFactor(options, 50, 100), 0.5, 1e-15);
  EXPECT_NEAR(ScheduleFactor(options, 75, 100), 0.146446609406726, 1e-14);
  EXPECT_NEAR(ScheduleFactor(options, 99, 100), 2.46719817134220e-4, 1e-15);
  // As PyTorch's CosineAnnealingLR goes from one rate to the next, down to 0.
  double rate = 1;
  for (int64_t i = 1; i < 100; ++i) {
    const auto wave = [](int64_t at) { return 1 + std::cos(std::numbers::pi * at / 100.0); };
    rate *= wave(i) / wave(i - 1);
    EXPECT_NEAR(ScheduleFactor(options, i, 100), rate, 1e-12) << i;
  }
}

TEST(Schedule, ExponentialFallsByGammaEachStepAndSmoothlyBetween) {
  const ScheduleOptions options = Parse(R"({"name": "exponential", "step": 4, "gamma": 0.0625})");
  const double expected[] = {1, 0.5, 0.25, 0.125, 0.0625, 0.03125};
  for (int i = 0; i < 6; ++i) EXPECT_DOUBLE_EQ(ScheduleFactor(options, i, 9), expected[i]) << i;
  // PyTorch's ExponentialLR, once an epoch of 367 images.
  const ScheduleOptions epochs = Parse(R"({"name": "exponential", "step": 367})");
  double rate = 1;
  for (int64_t epoch = 0; epoch < 100; ++epoch, rate *= 0.995)
    EXPECT_NEAR(ScheduleFactor(epochs, 367 * epoch, 36700), rate, 1e-12) << epoch;
}

TEST(Schedule, WarmupRisesLinearlyAndIsDoneAfterItsIterations) {
  const ScheduleOptions fixed = Parse(R"({"name": "fixed", "warmup": 4})");
  const double expected[] = {0.25, 0.5, 0.75, 1, 1, 1};
  for (int i = 0; i < 6; ++i) EXPECT_DOUBLE_EQ(ScheduleFactor(fixed, i, 100), expected[i]) << i;

  const ScheduleOptions poly = Parse(R"({"name": "poly", "power": 1, "warmup": 10})");
  EXPECT_DOUBLE_EQ(ScheduleFactor(poly, 4, 100), 0.5 * 0.96);
  EXPECT_DOUBLE_EQ(ScheduleFactor(poly, 20, 100), 0.8);

  const ScheduleOptions cosine = Parse(R"({"name": "cosine", "warmup": 50})");
  EXPECT_NEAR(ScheduleFactor(cosine, 24, 96), 0.5 * 0.853553390593274, 1e-14);
  EXPECT_NEAR(ScheduleFactor(cosine, 50, 100), 0.5, 1e-15);
  const ScheduleOptions exponential =
      Parse(R"({"name": "exponential", "step": 2, "gamma": 0.25, "warmup": 4})");
  EXPECT_DOUBLE_EQ(ScheduleFactor(exponential, 1, 100), 0.5 * 0.5);
  EXPECT_DOUBLE_EQ(ScheduleFactor(exponential, 4, 100), 0.0625);
}

TEST(Schedule, AnothersOptionsAreErrors) {
  const auto error = [](const std::string& text) { return ErrorOf([&] { Parse(text); }); };
  EXPECT_THAT(error(R"({"name": "cosine", "gamma": 0.1})"),
              AllOf(HasSubstr("train.schedule.gamma: "), HasSubstr("\"cosine\"")));
  EXPECT_THAT(error(R"({"name": "cosine", "power": 0.9})"), HasSubstr("train.schedule.power: "));
  EXPECT_THAT(error(R"({"name": "exponential", "step": 3, "power": 0.9})"),
              HasSubstr("train.schedule.power: "));
  EXPECT_THAT(error(R"({"name": "poly", "step": 100})"), HasSubstr("train.schedule.step: "));
  EXPECT_THAT(error(R"({"name": "fixed", "gamma": 0.5})"), HasSubstr("train.schedule.gamma: "));
  EXPECT_THAT(error("\"exponential\""), HasSubstr("train.schedule.step: is missing"));
  // As config.json has recorded them.
  for (const char* name : {"fixed", "step", "poly"}) {
    const Json whole = {
        {"name", name}, {"step", 2000}, {"gamma", 0.1}, {"power", 0.9}, {"warmup", 0}};
    EXPECT_EQ(ScheduleOptions::FromJson(whole, "schedule").name, name);
  }
}

TEST(Schedule, AllItsDefaultsCanBeReadAgain) {
  for (const char* text : {"\"fixed\"", "\"step\"", "\"poly\"", "\"cosine\"",
                           R"({"name": "exponential", "step": 9})"}) {
    Json config = {{"schedule", ParseJson(text, "test")}};
    const JsonDefaults defaults("run");
    ScheduleOptions::FromJson(config["schedule"], "run.schedule");
    defaults.Complete(config, {"schedule"});
    EXPECT_EQ(config["schedule"]["warmup"], 0) << text;
    EXPECT_EQ(ErrorOf([&] { ScheduleOptions::FromJson(config["schedule"], "run.schedule"); }), "")
        << config;
  }
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
