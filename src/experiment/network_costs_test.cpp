#include "experiment/network_costs.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <string>

#include "base/log.h"
#include "experiment/run_config.h"
#include "experiment/test_resolve.h"
#include "profile/profile.h"

namespace seglab {
namespace {

/// A run on pictures of 32 x 48.
TrainJob JobOf(const std::string& model, const std::string& data = R"("name": "shapes",
    "height": 32, "width": 48)") {
  const Experiment experiment = Resolve(
      R"({"runs": [{"name": "A", "model": )" + model + R"(, "data": {)" + data +
      R"(, "train": {"split": "train", "size": 2}, "val": {"split": "val", "size": 1}}}]})");
  const RunSpec& run = experiment.runs.front();
  return MakeJob(run, ReadRunConfig(run, ""));
}

constexpr char kFcn[] =
    R"({"name": "fcn32s", "backbone": {"name": "vgg11", "width": 0.0625, "fc6_kernel": 3}})";

TEST(NetworkCosts, AreThoseOfAPassOverTheFirstValidationImage) {
  const TrainJob job = JobOf(kFcn);
  const Json costs = NetworkCosts(job, Json::object());
  const Profile profile = ProfileModel(*job.model, 32, 48);
  EXPECT_EQ(costs["macs"], profile.macs);
  EXPECT_EQ(costs["macs_at"], Json::array({32, 48}));
  EXPECT_EQ(costs["receptive_field"], profile.deepest.receptive_field);
}

TEST(NetworkCosts, TheWholeImageIsNull) {
  const Json costs = NetworkCosts(JobOf(R"({"name": "deeplabv3_mobilenet_v2"})"), Json::object());
  EXPECT_GT(costs.at("macs").get<int64_t>(), 0);
  EXPECT_TRUE(costs.at("receptive_field").is_null());
}

TEST(NetworkCosts, WhatIsKnownIsNotCountedAgain) {
  const TrainJob job = JobOf(kFcn);
  const Json counted = NetworkCosts(job, Json::object());
  Json known = {{"macs", 1}, {"macs_at", {32, 48}}, {"receptive_field", nullptr}, {"name", "A"}};
  const Json again = NetworkCosts(job, known);
  known.erase("name");
  EXPECT_EQ(again, known);
  known["macs_at"] = {64, 64};
  EXPECT_EQ(NetworkCosts(job, known), counted) << "the validation set is another";
}

TEST(NetworkCosts, OfClassifiersAndFittedNetworksThereAreNone) {
  EXPECT_EQ(NetworkCosts(JobOf(R"({"name": "classifier", "backbone": {"name": "vgg11",
                                   "width": 0.0625, "fc6_kernel": 3}})",
                               R"("name": "shapes_classes", "side": 32)"),
                         Json::object()),
            Json::object());
  TrainJob fitted = JobOf(kFcn);
  fitted.model_spec = {{"name", "rcnn"}};
  EXPECT_EQ(NetworkCosts(fitted, Json::object()), Json::object());
}

TEST(NetworkCosts, MistakesStopNothing) {
  const LogSilence silence;
  TrainJob job = JobOf(kFcn);
  job.model_spec["backbone"] = "no backbone";
  EXPECT_EQ(NetworkCosts(job, Json::object()), Json::object());
}

}  // namespace
}  // namespace seglab
