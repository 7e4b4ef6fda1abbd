// The optimisers that scale each weight's step: Adam, AdamW, RMSprop, Adadelta.

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/test_error.h"
#include "train/optimizer.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// Two layers in double.
struct AdaptiveLayers : torch::nn::Module {
  AdaptiveLayers() {
    torch::manual_seed(5);
    first = register_module("first", torch::nn::Linear(3, 4));
    second = register_module("second", torch::nn::Linear(4, 2));
    to(torch::kDouble);
  }
  void Backward(const at::Tensor& x) { second(at::tanh(first(x))).pow(2).mean().backward(); }
  /// Every other number of twice the memory: no pass goes over that, operators do.
  void Spread() {
    for (at::Tensor& parameter : parameters()) {
      const int64_t last = parameter.dim() - 1;
      const at::Tensor wide = at::repeat_interleave(parameter.detach(), 2, last);
      parameter.set_data(wide.slice(last, 0, wide.size(last), 2));
    }
  }

  torch::nn::Linear first{nullptr}, second{nullptr};
};

TrainOptions AdaptiveOptions(const Json& optimizer, double decay) {
  TrainOptions options;
  options.optimizer = optimizer;
  options.weight_decay = decay;
  options.bias_lr = 1;
  options.bias_decay = 1;
  return options;
}

double FarthestOf(const torch::nn::Module& a, const torch::nn::Module& b) {
  double farthest = 0;
  const auto theirs = b.named_parameters();
  for (const auto& item : a.named_parameters()) {
    const at::Tensor apart = (item.value().to(at::kDouble) - theirs[item.key()]).abs().max();
    farthest = std::max(farthest, apart.item<double>());
  }
  return farthest;
}

/// Steps of an optimiser that ours shall equal, on a module's gradients.
using TheirStep = std::function<void()>;
using TheirOptimizer = std::function<TheirStep(AdaptiveLayers&)>;

struct AdaptiveCase {
  Json optimizer;
  double lr, decay;
  TheirOptimizer theirs;
};

template <typename Theirs, typename Options>
TheirOptimizer Of(const Options& options) {
  return [options](AdaptiveLayers& module) {
    const auto optimizer = std::make_shared<Theirs>(module.parameters(), options);
    return [optimizer] {
      optimizer->step();
      optimizer->zero_grad();
    };
  };
}

/// Zeiler's algorithm 1 number by number.
TheirOptimizer PlainAdadelta(double lr, double decay, double rho, double eps) {
  return [=](AdaptiveLayers& module) {
    const auto squares = std::make_shared<std::vector<std::vector<double>>>();
    for (const at::Tensor& parameter : module.parameters())
      squares->emplace_back(2 * parameter.numel(), 0.0);  // E[g^2], then E[dx^2]
    return [=, &module] {
      std::vector<at::Tensor> parameters = module.parameters();
      for (size_t k = 0; k < parameters.size(); ++k) {
        const int64_t numbers = parameters[k].numel();
        auto* x = parameters[k].data_ptr<double>();
        const at::Tensor gradient = parameters[k].grad().contiguous();
        for (int64_t i = 0; i < numbers; ++i) {
          double &of_g = (*squares)[k][i], &of_dx = (*squares)[k][numbers + i];
          const double g = gradient.data_ptr<double>()[i] + decay * x[i];
          of_g = rho * of_g + (1 - rho) * g * g;
          const double dx = -std::sqrt(of_dx + eps) / std::sqrt(of_g + eps) * g;
          of_dx = rho * of_dx + (1 - rho) * dx * dx;
          x[i] += lr * dx;
        }
        parameters[k].mutable_grad() = at::Tensor();
      }
    };
  };
}

std::vector<AdaptiveCase> AdaptiveCases() {
  using torch::optim::AdamOptions, torch::optim::AdamWOptions, torch::optim::RMSpropOptions;
  using Adam = torch::optim::Adam;
  using AdamW = torch::optim::AdamW;
  using RMSprop = torch::optim::RMSprop;
  return {
      {"adam", 1e-3, 0, Of<Adam>(AdamOptions(1e-3))},
      {"adam", 0.01, 0.1, Of<Adam>(AdamOptions(0.01).weight_decay(0.1))},
      {{{"name", "adam"}, {"beta1", 0.5}, {"beta2", 0.9}, {"eps", 0.01}, {"amsgrad", true}},
       0.02,
       0.05,
       Of<Adam>(AdamOptions(0.02).betas({0.5, 0.9}).eps(0.01).amsgrad(true).weight_decay(0.05))},
      {{{"name", "adam"}, {"beta1", 0}}, 0.01, 0, Of<Adam>(AdamOptions(0.01).betas({0, 0.999}))},
      {"adamw", 0.01, 0.1, Of<AdamW>(AdamWOptions(0.01).weight_decay(0.1))},
      {{{"name", "adamw"}, {"beta1", 0.8}, {"beta2", 0.99}, {"amsgrad", true}},
       0.02,
       0.5,
       Of<AdamW>(AdamWOptions(0.02).betas({0.8, 0.99}).amsgrad(true).weight_decay(0.5))},
      {"rmsprop", 0.01, 0, Of<RMSprop>(RMSpropOptions(0.01))},
      {{{"name", "rmsprop"}, {"alpha", 0.9}, {"eps", 1e-4}, {"momentum", 0.9}},
       0.002,
       0.1,
       Of<RMSprop>(RMSpropOptions(0.002).alpha(0.9).eps(1e-4).momentum(0.9).weight_decay(0.1))},
      {{{"name", "rmsprop"}, {"centered", true}, {"momentum", 0.5}},
       0.002,
       0.1,
       Of<RMSprop>(RMSpropOptions(0.002).centered(true).momentum(0.5).weight_decay(0.1))},
      {{{"name", "rmsprop"}, {"centered", true}, {"eps", 0.01}},
       0.01,
       0,
       Of<RMSprop>(RMSpropOptions(0.01).centered(true).eps(0.01))},
      {"adadelta", 1, 0, PlainAdadelta(1, 0, 0.9, 1e-6)},
      {{{"name", "adadelta"}, {"rho", 0.95}, {"eps", 1e-4}},
       0.5,
       0.1,
       PlainAdadelta(0.5, 0.1, 0.95, 1e-4)}};
}

TEST(Adaptive, EqualTheirReferences) {
  for (const AdaptiveCase& row : AdaptiveCases()) {
    for (const bool spread : {false, true}) {
      SCOPED_TRACE(StrCat(row.optimizer, spread ? " by operators" : " in one pass"));
      AdaptiveLayers ours, theirs, start;
      if (spread) ours.Spread();
      const auto optimizer = MakeOptimizer(ours, AdaptiveOptions(row.optimizer, row.decay));
      const TheirStep step = row.theirs(theirs);
      for (int i = 0; i < 20; ++i) {
        const at::Tensor x = torch::randn({6, 3}, torch::kDouble);
        ours.Backward(x);
        optimizer->Step(row.lr);
        theirs.Backward(x);
        step();
      }
      EXPECT_LT(FarthestOf(ours, theirs), 1e-11);
      EXPECT_GT(FarthestOf(ours, start), 1e-3);
    }
  }
}

TEST(Adaptive, AreTheSameInFloat32) {
  for (const AdaptiveCase& row : AdaptiveCases()) {
    // A centred root's small differences are mostly rounding.
    if (row.optimizer.is_object() && row.optimizer.contains("centered")) continue;
    SCOPED_TRACE(row.optimizer.dump());
    AdaptiveLayers wide, narrow;
    narrow.to(torch::kFloat);
    // Gradients do not lie as their weights.
    for (at::Tensor& parameter : narrow.second->parameters())
      if (parameter.dim() == 2) parameter.set_data(parameter.t().contiguous().t());
    const TrainOptions options = AdaptiveOptions(row.optimizer, row.decay);
    const auto of_wide = MakeOptimizer(wide, options), of_narrow = MakeOptimizer(narrow, options);
    const auto version = narrow.first->weight._version();
    for (int i = 0; i < 10; ++i) {
      const at::Tensor x = torch::randn({6, 3}, torch::kDouble);
      wide.Backward(x);
      narrow.Backward(x.to(torch::kFloat));
      of_wide->Step(row.lr);
      of_narrow->Step(row.lr);
    }
    EXPECT_GT(narrow.first->weight._version(), version) << "who keeps something of it sees it";
    EXPECT_LT(FarthestOf(narrow, wide), 2e-4);
  }
}

TEST(Adaptive, BiasesHaveTheirOwnRateAndDecay) {
  AdaptiveLayers module;
  TrainOptions options;
  options.optimizer = "adamw";
  options.weight_decay = 0.5;  // of weights, not of biases
  const auto optimizer = MakeOptimizer(module, options);
  const at::Tensor weight = module.first->weight.detach().clone(),
                   bias = module.first->bias.detach().clone();
  for (at::Tensor& parameter : module.parameters())
    parameter.mutable_grad() = torch::full_like(parameter, -3).detach();
  optimizer->Step(0.1);  // the first step of Adam is the rate, whatever the gradient
  EXPECT_LT((module.first->weight - (weight * 0.95 + 0.1)).abs().max().item<double>(), 1e-8);
  EXPECT_LT((module.first->bias - (bias + 0.2)).abs().max().item<double>(), 1e-8);
}

TEST(Adaptive, StateIsNamedAndLaidOutAsTheWeights) {
  torch::nn::Conv2d layer(torch::nn::Conv2dOptions(3, 4, 3));
  layer->weight.set_data(layer->weight.detach().contiguous(at::MemoryFormat::ChannelsLast));
  const auto kinds = [&](const Json& spec) {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : MakeOptimizer(*layer, AdaptiveOptions(spec, 0))->State()) {
      if (!name.ends_with(".weight")) continue;
      names.push_back(name);
      if (tensor.dim() == 0) continue;  // a count of steps
      EXPECT_EQ(tensor.strides(), layer->weight.strides()) << name;
    }
    return names;
  };
  using testing::UnorderedElementsAre;
  EXPECT_THAT(kinds("adam"),
              UnorderedElementsAre("step.weight", "exp_avg.weight", "exp_avg_sq.weight"));
  EXPECT_THAT(kinds({{"name", "adamw"}, {"amsgrad", true}}),
              UnorderedElementsAre("step.weight", "exp_avg.weight", "exp_avg_sq.weight",
                                   "max_exp_avg_sq.weight"));
  EXPECT_THAT(kinds("rmsprop"), UnorderedElementsAre("square_avg.weight"));
  EXPECT_THAT(
      kinds({{"name", "rmsprop"}, {"momentum", 0.9}, {"centered", true}}),
      UnorderedElementsAre("square_avg.weight", "grad_avg.weight", "momentum_buffer.weight"));
  EXPECT_THAT(kinds("adadelta"), UnorderedElementsAre("square_avg.weight", "acc_delta.weight"));
}

TEST(Adaptive, AParameterWithoutGradientStaysAndCountsNoStep) {
  AdaptiveLayers module;
  const auto optimizer = MakeOptimizer(module, AdaptiveOptions("adam", 0.1));
  const at::Tensor before = module.second->weight.detach().clone();
  module.first->weight.mutable_grad() = torch::ones_like(module.first->weight).detach();
  optimizer->Step(0.1);
  EXPECT_TRUE(at::equal(module.second->weight, before));
  for (const auto& [name, tensor] : optimizer->State()) {
    if (!name.starts_with("step.")) continue;
    EXPECT_EQ(tensor.item<int64_t>(), name == "step.first.weight" ? 1 : 0) << name;
  }
}

TEST(Adaptive, MistakesAreFoundWhenOptionsAreRead) {
  const auto error = [](const char* text) {
    return ErrorOf([&] { TrainOptions::FromJson(ParseJson(text, "test"), "train"); });
  };
  EXPECT_THAT(error(R"({"optimizer": {"name": "adam", "beta1": 1}})"),
              AllOf(HasSubstr("train.optimizer.beta1: must be between"), HasSubstr("found 1")));
  EXPECT_THAT(error(R"({"optimizer": {"name": "adam", "eps": 0}})"),
              HasSubstr("train.optimizer.eps: "));
  EXPECT_THAT(error(R"({"optimizer": {"name": "adamw", "betas": [0.9, 0.99]}})"),
              HasSubstr("train.optimizer.betas: unknown key"));
  EXPECT_THAT(error(R"({"optimizer": {"name": "rmsprop", "alpha": -0.1}})"),
              HasSubstr("train.optimizer.alpha: "));
  EXPECT_THAT(error(R"({"optimizer": {"name": "adadelta", "rho": "high"}})"),
              HasSubstr("train.optimizer.rho: must be a number"));
  EXPECT_THAT(error(R"({"optimizer": {"name": "sgd", "nesterov": true}})"),
              HasSubstr("train.optimizer.nesterov: unknown key"));
  EXPECT_THAT(error(R"({"optimizer": "adam", "momentum": 0.9})"),
              AllOf(HasSubstr("train.momentum: is of the optimizer \"sgd\", not of \"adam\""),
                    testing::Not(HasSubstr("\n"))));
  EXPECT_EQ(error(R"({"optimizer": {"name": "rmsprop", "momentum": 0.9}})"), "");
  EXPECT_EQ(error(R"({"optimizer": {"name": "sgd"}, "momentum": 0.9})"), "");
}

}  // namespace
}  // namespace seglab
