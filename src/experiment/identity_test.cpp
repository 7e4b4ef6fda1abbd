#include "experiment/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace seglab {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

RunSpec Spec(const std::string& config) {
  RunSpec run;
  run.name = run.group = "A";
  run.config = ParseJson(config, "test");
  return run;
}

Json Of(const std::string& config) { return Determinants(Spec(config), "", "d"); }

constexpr char kUsual[] =
    R"({"seed": 1, "train": {"lr": 0.1, "threads": 2}, "data": {"name": "voc", "root": "a"}})";

TEST(Determinants, LeaveOutPlacesAndWhatChangesNothing) {
  const Json usual = Of(kUsual);
  for (const char* same :
       {R"({"seed": 1, "train": {"lr": 0.1}, "data": {"name": "voc", "root": "b"}})",
        R"({"seed": 1, "train": {"lr": 0.1, "log_every": 7}, "data": {"root": "a"}})",
        R"({"seed": 1, "train": {"lr": 0.1}, "eval": {"absent": "truth"},
            "data": {"val": {"split": "x"}}})"}) {
    EXPECT_EQ(Of(same), usual) << same;
  }
  for (const char* other :
       {R"({"seed": 2, "train": {"lr": 0.1}})", R"({"seed": 1, "train": {"lr": 0.2}})",
        R"({"seed": 1, "train": {"lr": 0.1}, "data": {"transforms": [{"name": "flip"}]}})",
        R"({"seed": 1, "train": {"lr": 0.1}, "init": {"from": "x", "skip": ["a"]}})"}) {
    EXPECT_NE(Of(other), usual) << other;
  }
  EXPECT_NE(Determinants(Spec(kUsual), "start", "d"), usual);
  EXPECT_NE(Determinants(Spec(kUsual), "", "other data"), usual);
}

TEST(Determinants, HoldTheValidationWhereItEndsTheTraining) {
  const auto with = [](int every, const std::string& validation) {
    RunSpec run = Spec(R"({"train": {"lr": 0.1, "early_stopping": {"patience": 3}}})");
    run.config["train"]["eval_every"] = every;
    return Determinants(run, "", "d", validation);
  };
  EXPECT_EQ(with(5, "v"), with(5, "v"));
  EXPECT_THAT(SettingsThatDiffer(with(5, "v"), with(10, "v")),
              ElementsAre("train.eval_every is 5 there, 10 here"));
  EXPECT_THAT(SettingsThatDiffer(with(5, "v"), with(5, "w")),
              ElementsAre("the validation data, which end the training early, are others"));
  EXPECT_EQ(Of(R"({"train": {"lr": 0.1, "eval_every": 5}})"), Of(R"({"train": {"lr": 0.1}})"));
}

TEST(SettingsThatDiffer, NamesEachOfThem) {
  const Json there = Of(R"({"seed": 1, "train": {"iterations": 100, "only": ["a"]}})");
  EXPECT_THAT(SettingsThatDiffer(there, there), IsEmpty());
  EXPECT_THAT(SettingsThatDiffer(there, Of(R"({"seed": 1, "train": {"iterations": 200}})")),
              ElementsAre("train.iterations is 100 there, 200 here",
                          "train.only is [\"a\"] there, not given here"));
  EXPECT_THAT(SettingsThatDiffer(Of("{}"), Of(R"({"seed": 3})")),
              ElementsAre("seed is 3 here, not given there"));
  Json data = there;
  data["data"] = "other";
  EXPECT_THAT(SettingsThatDiffer(there, data), ElementsAre("the training data are others"));
}

}  // namespace
}  // namespace seglab
