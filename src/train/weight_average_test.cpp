#include "train/weight_average.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/test_folder.h"
#include "train/test_training.h"
#include "weights/checkpoint_file.h"
#include "weights/load.h"

namespace seglab {
namespace {

using testing::HasSubstr;

/// A frozen layer and one that is trained, with batch norm.
torch::nn::Sequential AveragedNetwork() {
  torch::manual_seed(3);
  torch::nn::Sequential network(torch::nn::Conv2d(3, 4, 1), torch::nn::BatchNorm2d(4),
                                torch::nn::Conv2d(4, 2, 1));
  for (at::Tensor& parameter : network[0]->parameters()) parameter.set_requires_grad(false);
  return network;
}

at::Tensor AverageOf(const WeightAverage& average, const std::string& name) {
  for (const auto& item : average.State()) {
    if (item.first == name) return item.second;
  }
  return {};
}

TEST(WeightAverage, FollowsItsFormulaAndForgetsTheFirstWeightsSoon) {
  const auto network = AveragedNetwork();
  WeightAverage average(*network, 0.3);
  at::Tensor weight = network->named_parameters()["2.bias"],
             mean = network->named_buffers()["1.running_mean"];
  at::Tensor expected = weight.detach().to(at::kDouble), expected_mean = mean.to(at::kDouble);
  for (int step = 1; step <= 12; ++step) {
    const torch::NoGradGuard no_grad;
    weight.add_(torch::randn_like(weight));
    mean.add_(1);
    average.Update(step);
    // 2/11, 3/12, 4/13 = 0.308, then 0.3
    const double d = std::min(0.3, (1.0 + step) / (10.0 + step));
    expected = d * expected + (1 - d) * weight.to(at::kDouble);
    expected_mean = d * expected_mean + (1 - d) * mean.to(at::kDouble);
  }
  EXPECT_TRUE(at::allclose(AverageOf(average, "2.bias").to(at::kDouble), expected, 1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(AverageOf(average, "1.running_mean").to(at::kDouble), expected_mean,
                           1e-5, 1e-6));
}

TEST(WeightAverage, LeavesOutWhatIsFrozenOrWhole) {
  const auto network = AveragedNetwork();
  const WeightAverage average(*network, 0.9);
  std::vector<std::string> names;
  for (const auto& item : average.State()) names.push_back(item.first);
  EXPECT_THAT(names, testing::ElementsAre("1.weight", "1.bias", "2.weight", "2.bias",
                                          "1.running_mean", "1.running_var"));
}

TEST(WeightAverage, WhatDoesNotChangeIsNotRounded) {
  const auto network = AveragedNetwork();
  WeightAverage average(*network, 0.999);
  for (int step = 1; step < 500; ++step) average.Update(step);
  for (const auto& [name, tensor] : Snapshot(*network)) {
    const at::Tensor averaged = AverageOf(average, name);
    EXPECT_TRUE(!averaged.defined() || SameBits(averaged, tensor)) << name;
  }
}

TEST(WeightAverage, ChangesPlacesWithTheWeightsSoThatOthersNotice) {
  const auto network = AveragedNetwork();
  WeightAverage average(*network, 0.9);
  const NamedTensors old = Snapshot(*network);
  {
    const torch::NoGradGuard no_grad;
    for (at::Tensor& parameter : network->parameters()) parameter.add_(1);
  }
  const NamedTensors raw = Snapshot(*network);
  const at::Tensor mean = network->named_buffers()["1.running_mean"];
  const auto version = mean._version();
  {
    const AveragedWeights averaged(&average);
    EXPECT_EQ(Difference(Below(Snapshot(*network), "2"), Below(old, "2")), "");
    EXPECT_EQ(Difference(Below(Snapshot(*network), "0"), Below(raw, "0")), "") << "frozen";
    EXPECT_GT(mean._version(), version);
  }
  EXPECT_EQ(Difference(Snapshot(*network), raw), "");
  EXPECT_GT(mean._version(), version + 1);
  EXPECT_TRUE(SameBits(AverageOf(average, "2.bias"), Below(old, "2.bias")[0].second));
  const AveragedWeights none(nullptr);
}

TEST(WeightAverage, StateOfAnotherTrainingIsAnError) {
  WeightAverage average(*AveragedNetwork(), 0.9);
  NamedTensors state;
  for (const auto& [name, tensor] : average.State()) state.emplace_back(name, tensor.clone());
  state.pop_back();
  EXPECT_THAT(ErrorOf([&] { average.LoadState(state); }), HasSubstr("no fitting 1.running_var"));
}

TrainJob AveragedJob(const std::string& folder) {
  TrainJob job = TinyJob(folder, "vgg11_bn");
  job.options.ema = 0.5;
  return job;
}

/// By name: a file has an order of its own.
NamedTensors ByName(NamedTensors tensors) {
  std::sort(tensors.begin(), tensors.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return tensors;
}

/// The checkpoint behind so many steps.
TensorFile CheckpointBehind(int64_t steps, TrainJob job) {
  job.options.checkpoint_every = 1;
  TrainUntilRead(job, 2 * steps);
  return ReadSafetensors(JoinPath(job.folder, "last.safetensors"));
}

TEST(WeightAverage, OfATrainingIsWhatItLeaves) {
  const TestFolder folder;
  const Outcome averaged = Finish(AveragedJob(folder.File("averaged")));
  NamedTensors expected = ByName(Snapshot(*AveragedJob(folder.File("fresh")).model));
  Outcome plain;
  for (int64_t step = 1; step <= 8; ++step) {
    const std::string name = std::to_string(step);
    TrainJob raw = AveragedJob(folder.File("raw" + name));
    raw.options.ema = 0;
    NamedTensors weights;
    if (step < 8) {
      weights = ByName(TrainedTensors(CheckpointBehind(step, raw)));
      const TensorFile file = CheckpointBehind(step, AveragedJob(folder.File(name)));
      EXPECT_EQ(Difference(ByName(TrainedTensors(file)), weights), "") << "it is not looked at";
      EXPECT_NE(Difference(ByName(ModelTensors(file)), weights), "");
    } else {
      plain = Finish(raw);
      weights = ByName(plain.weights);
    }
    const double d = std::min(0.5, (1.0 + step) / (10.0 + step));
    for (size_t i = 0; i < weights.size(); ++i) {
      at::Tensor& average = expected[i].second;
      average = weights[i].second.is_floating_point() ? d * average + (1 - d) * weights[i].second
                                                      : weights[i].second.clone();
    }
  }
  EXPECT_NE(Difference(plain.weights, averaged.weights), "");
  const NamedTensors found = ByName(averaged.weights);
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(expected[i].first, found[i].first);
    EXPECT_TRUE(at::allclose(expected[i].second, found[i].second, 1e-4, 1e-6)) << expected[i].first;
  }
  EXPECT_EQ(Difference(found, ByName(averaged.last_file)), "");
}

TEST(WeightAverage, IsWhatIsValidatedAndKept) {
  const TestFolder folder;
  const Outcome outcome = Finish(AveragedJob(folder.File("whole")));
  // At a fixed rate a shorter training ends where a longer one passes.
  TrainJob shorter = AveragedJob(folder.File("shorter"));
  shorter.options.iterations = outcome.summary.best_iteration;
  const Outcome there = Finish(shorter);
  EXPECT_EQ(Difference(outcome.best_file, there.last_file), "");
  EXPECT_EQ(outcome.summary.best_score, there.summary.best_score);
}

TEST(WeightAverage, OfAnUnfinishedTrainingIsWhatIsEvaluated) {
  const TestFolder folder;
  const TensorFile file = CheckpointBehind(5, AveragedJob(folder.path()));
  const LoadedModel loaded = LoadModelFile(folder.File("last.safetensors"));
  EXPECT_EQ(Difference(ByName(ModuleState(*loaded.model)), ByName(ModelTensors(file))), "");
  // Its own validation came behind the same step.
  EXPECT_EQ(Difference(ModuleState(*LoadModelFile(folder.File("best.safetensors")).model),
                       ModuleState(*loaded.model)),
            "");
}

}  // namespace
}  // namespace seglab
