#include "train/sgd.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <memory>
#include <string>

#include "base/test_error.h"
#include "base/test_folder.h"
#include "base/test_log.h"
#include "data/test_dataset.h"
#include "models/test_models.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// Two layers with names, in double.
struct TwoLayers : torch::nn::Module {
  TwoLayers() {
    first = register_module("first", torch::nn::Linear(3, 4));
    second = register_module("second", torch::nn::Linear(4, 2));
    to(torch::kDouble);
  }
  at::Tensor Loss(const at::Tensor& x) { return second(at::tanh(first(x))).pow(2).mean(); }

  torch::nn::Linear first{nullptr}, second{nullptr};
};

std::shared_ptr<TwoLayers> SeededLayers() {
  torch::manual_seed(5);
  return std::make_shared<TwoLayers>();
}

/// One weight and one bias, small enough for arithmetic by hand.
struct TwoNumbers : torch::nn::Module {
  TwoNumbers(double w, double b) {
    weight = register_parameter("weight", torch::full({1, 1}, w, torch::kDouble));
    bias = register_parameter("bias", torch::full({1}, b, torch::kDouble));
  }
  void SetGradients(double w, double b) {
    weight.mutable_grad() = torch::full({1, 1}, w, torch::kDouble);
    bias.mutable_grad() = torch::full({1}, b, torch::kDouble);
  }

  at::Tensor weight, bias;
};

/// Everything off, all factors 1.
TrainOptions PlainOptions() {
  TrainOptions options;
  options.momentum = 0;
  options.weight_decay = 0;
  options.bias_lr = 1;
  options.bias_decay = 1;
  return options;
}

void ExpectClose(const torch::nn::Module& a, const torch::nn::Module& b) {
  const auto ours = a.named_parameters(), theirs = b.named_parameters();
  ASSERT_EQ(ours.size(), theirs.size());
  for (const auto& item : ours) {
    const double apart = (item.value() - theirs[item.key()]).abs().max().item<double>();
    EXPECT_LT(apart, 1e-12) << item.key();
  }
}

// In float32 each number is read once; the same steps in double.
TEST(Sgd, OnePassIsTheSameStep) {
  const auto wide = SeededLayers(), narrow = SeededLayers();
  narrow->to(torch::kFloat);
  // Gradients do not lie as their weights.
  for (at::Tensor& parameter : narrow->second->parameters())
    if (parameter.dim() == 2) parameter.set_data(parameter.t().contiguous().t());
  TrainOptions options = PlainOptions();
  options.momentum = 0.9;
  options.weight_decay = 0.01;
  options.bias_lr = 2;
  options.bias_decay = 0;
  const auto of_wide = MakeOptimizer(*wide, options), of_narrow = MakeOptimizer(*narrow, options);
  const auto version = narrow->first->weight._version();
  for (int step = 0; step < 10; ++step) {
    const at::Tensor x = torch::randn({6, 3}, torch::kDouble);
    wide->Loss(x).backward();
    narrow->Loss(x.to(torch::kFloat)).backward();
    of_wide->Step(0.1);
    of_narrow->Step(0.1);
  }
  EXPECT_GT(narrow->first->weight._version(), version) << "who keeps something of it sees it";
  const auto ours = narrow->named_parameters(), theirs = wide->named_parameters();
  for (const auto& item : ours) {
    EXPECT_LT((item.value() - theirs[item.key()]).abs().max().item<double>(), 1e-5) << item.key();
  }
}

TEST(Sgd, EqualsLibTorchAtAConstantRate) {
  const auto ours = SeededLayers(), theirs = SeededLayers();
  TrainOptions options = PlainOptions();
  options.momentum = 0.9;
  options.weight_decay = 0.01;
  const auto optimizer = MakeOptimizer(*ours, options);
  torch::optim::SGD reference(theirs->parameters(),
                              torch::optim::SGDOptions(0.1).momentum(0.9).weight_decay(0.01));
  const at::Tensor start = ours->first->weight.detach().clone();
  for (int step = 0; step < 10; ++step) {
    const at::Tensor x = torch::randn({5, 3}, torch::kDouble);
    ours->Loss(x).backward();
    optimizer->Step(0.1);
    reference.zero_grad();
    theirs->Loss(x).backward();
    reference.step();
  }
  ExpectClose(*ours, *theirs);
  EXPECT_GT((ours->first->weight - start).abs().max().item<double>(), 1e-3);
}

TEST(Sgd, KeepsTheRateOfEachStepInTheMomentum) {
  TwoNumbers module(2, 0);
  TrainOptions options = PlainOptions();
  options.momentum = 0.5;
  const auto optimizer = MakeOptimizer(module, options);
  module.SetGradients(1, 0);
  optimizer->Step(1);  // v = 1
  EXPECT_NEAR(module.weight.item<double>(), 1, 1e-12);
  module.SetGradients(1, 0);
  optimizer->Step(0.1);  // v = 0.5 * 1 + 0.1 * 1; LibTorch's form would give 0.1 * 1.5
  EXPECT_NEAR(module.weight.item<double>(), 0.4, 1e-12);
}

TEST(Sgd, BiasesHaveTheirOwnRateAndDecay) {
  TwoNumbers module(3, 4);
  TrainOptions options = PlainOptions();
  options.weight_decay = 0.1;
  options.bias_lr = 2;
  options.bias_decay = 0.5;
  const auto optimizer = MakeOptimizer(module, options);
  module.SetGradients(1, 1);
  optimizer->Step(0.1);
  EXPECT_NEAR(module.weight.item<double>(), 3 - 0.1 * (1 + 0.1 * 3), 1e-12);
  EXPECT_NEAR(module.bias.item<double>(), 4 - 0.1 * 2 * (1 + 0.1 * 0.5 * 4), 1e-12);
}

TEST(Sgd, BatchNormCountsAsBiasForTheDecayAlone) {
  torch::nn::BatchNorm2d module(1);
  module->to(torch::kDouble);
  TrainOptions options = PlainOptions();
  options.weight_decay = 0.1;
  options.bias_lr = 2;
  options.bias_decay = 0;
  const auto optimizer = MakeOptimizer(*module, options);
  module->weight.mutable_grad() = torch::ones({1}, torch::kDouble);
  module->bias.mutable_grad() = torch::ones({1}, torch::kDouble);
  optimizer->Step(0.1);
  EXPECT_NEAR(module->weight.item<double>(), 1 - 0.1, 1e-12);
  EXPECT_NEAR(module->bias.item<double>(), 0 - 0.1 * 2, 1e-12);
}

TEST(Sgd, TheLastGroupThatFitsWins) {
  const auto module = SeededLayers();
  TrainOptions options = PlainOptions();
  options.weight_decay = 0.1;
  options.bias_lr = 2;
  options.groups = {{"second", 10, 3}, {"second.weight", 5, 0}};
  const auto optimizer = MakeOptimizer(*module, options);
  const NamedTensors before = Snapshot(*module);
  for (at::Tensor& parameter : module->parameters()) {
    parameter.mutable_grad() = torch::ones_like(parameter).detach();
  }
  optimizer->Step(0.01);
  const auto after = module->named_parameters();
  for (const auto& [name, old] : before) {
    double lr = 1, decay = 1;
    if (name == "second.weight") lr = 5, decay = 0;
    if (name == "second.bias") lr = 10, decay = 3;
    if (name == "first.bias" || name == "second.bias") lr *= 2;
    const at::Tensor expected = old - 0.01 * lr * (1 + 0.1 * decay * old);
    EXPECT_LT((after[name] - expected).abs().max().item<double>(), 1e-12) << name;
  }
}

TEST(Sgd, FreezesWhatOnlyLeavesOut) {
  const auto module = SeededLayers();
  TrainOptions options;
  options.only = {"second"};
  const auto optimizer = MakeOptimizer(*module, options);
  EXPECT_EQ(CountNumbers(optimizer->parameters()), 4 * 2 + 2);
  const NamedTensors before = Snapshot(*module);
  for (int step = 0; step < 3; ++step) {
    module->Loss(torch::randn({5, 3}, torch::kDouble)).backward();
    EXPECT_FALSE(module->first->weight.grad().defined());
    EXPECT_FALSE(module->first->bias.grad().defined());
    EXPECT_TRUE(module->second->weight.grad().defined());
    optimizer->Step(0.1);
  }
  EXPECT_FALSE(module->first->weight.requires_grad());
  const NamedTensors after = Snapshot(*module);
  EXPECT_EQ(Difference(Below(before, "first"), Below(after, "first")), "");
  EXPECT_EQ(Difference(Below(before, "second"), Below(after, "second")), "second.weight");
  for (const auto& item : optimizer->State()) EXPECT_TRUE(HasPrefix(item.first, "momentum.second"));
}

TEST(Sgd, TrainsAllAgainWhenNothingIsLeftOut) {
  const auto module = SeededLayers();
  TrainOptions options = PlainOptions();
  options.only = {"second.bias"};
  const auto frozen = MakeOptimizer(*module, options);
  EXPECT_EQ(CountNumbers(frozen->parameters()), 2);
  options.only.clear();
  const auto free = MakeOptimizer(*module, options);
  EXPECT_EQ(CountNumbers(free->parameters()), 3 * 4 + 4 + 4 * 2 + 2);
  EXPECT_TRUE(module->first->weight.requires_grad());
}

TEST(Sgd, ClearsTheGradients) {
  TwoNumbers module(1, 1);
  const auto optimizer = MakeOptimizer(module, PlainOptions());
  module.SetGradients(1, 1);
  optimizer->Step(0.5);
  const double weight = module.weight.item<double>();
  optimizer->Step(0.5);
  EXPECT_EQ(module.weight.item<double>(), weight);
}

TEST(Sgd, ClipsTheNormOfTheWholeGradient) {
  TrainOptions options = PlainOptions();
  options.clip_norm = 1;
  {
    TwoNumbers module(0, 0);
    const auto optimizer = MakeOptimizer(module, options);
    module.SetGradients(3, 4);
    optimizer->Step(1);
    EXPECT_NEAR(module.weight.item<double>(), -0.6, 1e-12);
    EXPECT_NEAR(module.bias.item<double>(), -0.8, 1e-12);
    module.SetGradients(0.3, 0.4);  // shorter than the limit: as it is
    optimizer->Step(1);
    EXPECT_NEAR(module.weight.item<double>(), -0.9, 1e-12);
    EXPECT_NEAR(module.bias.item<double>(), -1.2, 1e-12);
  }
}

TEST(Sgd, UnknownPrefixesAreErrors) {
  const auto module = SeededLayers();
  TrainOptions options;
  options.only = {"secnd"};
  EXPECT_THAT(ErrorOf([&] { MakeOptimizer(*module, options); }),
              AllOf(HasSubstr("train.only: "), HasSubstr("\"secnd\""),
                    HasSubstr("did you mean \"second\"?"), HasSubstr("first, second")));
  options.only = {"second", "fir"};  // no prefix of a name unless it ends at a dot
  EXPECT_THAT(ErrorOf([&] { MakeOptimizer(*module, options); }), HasSubstr("\"fir\""));
  options.only.clear();
  options.groups = {{"third", 1, 1}};
  EXPECT_THAT(ErrorOf([&] { MakeOptimizer(*module, options); }),
              AllOf(HasSubstr("train.groups: "), HasSubstr("\"third\"")));
}

TEST(Sgd, StateGoesOnBitForBit) {
  const auto first = SeededLayers(), second = SeededLayers();
  TrainOptions options;
  const auto before = MakeOptimizer(*first, options);
  const at::Tensor x = torch::randn({5, 3}, torch::kDouble);
  for (int step = 0; step < 3; ++step) {
    first->Loss(x).backward();
    before->Step(0.1);
  }
  NamedTensors state;
  for (const auto& [name, tensor] : before->State()) state.emplace_back(name, tensor.clone());
  LoadState(*second, Snapshot(*first), {});
  const auto after = MakeOptimizer(*second, options);
  after->LoadState(state);
  for (int step = 0; step < 3; ++step) {
    first->Loss(x).backward();
    before->Step(0.05);
    second->Loss(x).backward();
    after->Step(0.05);
  }
  EXPECT_EQ(Difference(Snapshot(*first), Snapshot(*second)), "");
  EXPECT_EQ(Difference(before->State(), after->State()), "");
}

TEST(Sgd, StateOfAnotherTrainingIsAnError) {
  const auto module = SeededLayers();
  const auto optimizer = MakeOptimizer(*module, TrainOptions());
  NamedTensors state;
  for (const auto& [name, tensor] : optimizer->State()) state.emplace_back(name, tensor.clone());
  NamedTensors missing = state;
  missing.erase(missing.begin() + 1);
  EXPECT_THAT(ErrorOf([&] { optimizer->LoadState(missing); }), HasSubstr(state[1].first));
  NamedTensors misshaped = state;
  misshaped.back().second = torch::zeros({17}, torch::kDouble);
  EXPECT_THAT(ErrorOf([&] { optimizer->LoadState(misshaped); }), HasSubstr(state.back().first));
  EXPECT_EQ(ErrorOf([&] { optimizer->LoadState(state); }), "");
}

}  // namespace
}  // namespace seglab
