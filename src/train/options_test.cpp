#include "train/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_error.h"
#include "train/optimizer.h"

namespace seglab {
namespace {

TEST(TrainOptions, EpochsAreStepsOfTheDataSet) {
  const auto steps = [](const Json& json, int64_t samples) {
    return TrainOptions::FromJson(json, "train").Steps(samples);
  };
  EXPECT_EQ(steps({{"iterations", 70}}, 100), 70);
  EXPECT_EQ(steps({{"epochs", 2}, {"batch", 8}}, 100), 25);
  EXPECT_EQ(steps({{"epochs", 3}, {"batch", 8}, {"accumulate", 2}}, 100), 19) << "rounded up";
  EXPECT_EQ(steps({{"epochs", 0.5}}, 100), 50);
  EXPECT_EQ(steps(Json::object(), 100), 0);
  EXPECT_TRUE(TrainOptions::FromJson({{"epochs", 1}}, "train").Trains());
  EXPECT_FALSE(TrainOptions::FromJson({{"epochs", 0}}, "train").Trains());
  EXPECT_THAT(ErrorOf([] {
                TrainOptions::FromJson({{"epochs", 1}, {"iterations", 1}}, "train");
              }),
              testing::HasSubstr("train.epochs: stands beside iterations"));
}

// As config.json holds them.
TEST(TrainOptions, AllDefaultsCanBeReadAgain) {
  for (const OptimizerRow& row : OptimizerRows()) {
    Json config = {{"train", {{"optimizer", row.name}, {"eval_every", 5}, {"ema", 0.99}}}};
    config["train"]["early_stopping"] = {{"patience", 3}};
    const JsonDefaults defaults("run");
    TrainOptions::FromJson(config["train"], "run.train");
    defaults.Complete(config, {"optimizer"});
    const Json& train = config["train"];
    EXPECT_EQ(train.contains("momentum"), row.name == "sgd") << row.name;
    EXPECT_EQ(train["early_stopping"]["min_delta"], 0.0);
    if (row.name.starts_with("adam")) {
      EXPECT_EQ(train["optimizer"]["beta2"], 0.999);
      EXPECT_EQ(train["optimizer"]["amsgrad"], false);
    }
    EXPECT_EQ(ErrorOf([&] { TrainOptions::FromJson(train, "run.train"); }), "") << config;
  }
}

TEST(TrainOptions, EarlyStoppingAndAveragesAreChecked) {
  const auto error = [](const char* text) {
    return ErrorOf([&] { TrainOptions::FromJson(ParseJson(text, "test"), "train"); });
  };
  EXPECT_THAT(
      error(R"({"early_stopping": {"patience": 3}})"),
      testing::HasSubstr("train.early_stopping: looks at validation scores; give eval_eve"));
  EXPECT_THAT(error(R"({"eval_every": 5, "early_stopping": {"patience": 0}})"),
              testing::HasSubstr("train.early_stopping.patience: must be"));
  EXPECT_THAT(error(R"({"eval_every": 5, "early_stopping": {"min_delta": 0.1}})"),
              testing::HasSubstr("train.early_stopping.patience: is missing"));
  EXPECT_THAT(error(R"({"eval_every": 5, "early_stopping": {"patience": 1, "min_delta": -1}})"),
              testing::HasSubstr("train.early_stopping.min_delta: must be"));
  EXPECT_THAT(error(R"({"ema": 1})"), testing::HasSubstr("train.ema: must be"));
  EXPECT_EQ(error(R"({"ema": 0})"), "");
  EXPECT_EQ(error(R"({"ema": 0.9999})"), "");
}

// The reader names all keys where one is unknown.
TEST(TrainOptions, HelpListsEveryKey) {
  const std::string error = ErrorOf([] {
    TrainOptions::FromJson({{"qqqqqqqqqqqqqqqqqqqqqq", 1}}, "train");
  });
  const size_t known = error.find("Known: ");
  ASSERT_NE(known, std::string::npos) << error;
  std::string keys = error.substr(known + 7);
  const std::string help = TrainOptions::Help();
  size_t count = 0;
  for (size_t begin = 0; begin < keys.size(); ++count) {
    const size_t end = std::min(keys.find_first_of(",;\n", begin), keys.size());
    const std::string key = keys.substr(begin, end - begin);
    // Refused with a word of where it belongs.
    EXPECT_TRUE(key == "aux_weight" || help.find("\n  " + key + " ") != std::string::npos) << key;
    begin = end + 2;
  }
  EXPECT_GT(count, 20U);
}

}  // namespace
}  // namespace seglab
