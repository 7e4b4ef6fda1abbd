#include "nn/renet.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/test_error.h"
#include "tensor/test_gradients.h"

namespace seglab {
namespace {

std::map<std::string, at::Tensor> Weights(const ReNet& layer) {
  std::map<std::string, at::Tensor> found;
  for (const auto& item : layer->named_parameters()) found[item.key()] = item.value().detach();
  return found;
}

/// A gated recurrent unit step by step (Cho et al. 2014, in the form of PyTorch's documentation).
/// @param line  (length, channels)
at::Tensor Gru(const std::map<std::string, at::Tensor>& weights, const std::string& name,
               const std::string& direction, const at::Tensor& line) {
  const auto weight = [&](const std::string& kind) {
    return weights.at(name + "." + kind + "_l0" + direction);
  };
  const int64_t length = line.size(0);
  const bool backwards = !direction.empty();
  at::Tensor h = at::zeros({weight("weight_hh").size(1)}, line.options());
  std::vector<at::Tensor> states(length);
  for (int64_t step = 0; step < length; ++step) {
    const int64_t at = backwards ? length - 1 - step : step;
    const auto in = (weight("weight_ih").mv(line[at]) + weight("bias_ih")).chunk(3),
               state = (weight("weight_hh").mv(h) + weight("bias_hh")).chunk(3);
    const at::Tensor r = at::sigmoid(in[0] + state[0]), z = at::sigmoid(in[1] + state[1]),
                     n = at::tanh(in[2] + r * state[2]);
    h = (1 - z) * n + z * h;
    states[at] = h;
  }
  return at::stack(states);
}

at::Tensor BothWays(const std::map<std::string, at::Tensor>& weights, const std::string& name,
                    const at::Tensor& line) {
  return at::cat({Gru(weights, name, "", line), Gru(weights, name, "_reverse", line)}, 1);
}

TEST(ReNetTest, IsItsEquations) {
  torch::manual_seed(1);
  ReNet layer(3, 4);
  layer->to(at::kDouble);
  const torch::NoGradGuard no_grad;
  for (at::Tensor& parameter : layer->parameters())
    parameter.add_(0.1 * torch::randn_like(parameter));
  const at::Tensor x = torch::randn({2, 3, 5, 6}, at::kDouble);
  const auto weights = Weights(layer);
  at::Tensor vertical = at::zeros({2, 8, 5, 6}, at::kDouble), expected = at::zeros_like(vertical);
  for (int64_t n = 0; n < 2; ++n) {
    for (int64_t column = 0; column < 6; ++column) {
      vertical[n].select(2, column).copy_(
          BothWays(weights, "vertical", x[n].select(2, column).t()).t());
    }
    for (int64_t row = 0; row < 5; ++row) {
      expected[n].select(1, row).copy_(
          BothWays(weights, "horizontal", vertical[n].select(1, row).t()).t());
    }
  }
  const at::Tensor found = layer->forward(x);
  ASSERT_EQ(found.sizes(), expected.sizes());
  EXPECT_LT((found - expected).abs().max().item<double>(), 1e-12);
  EXPECT_TRUE(found.is_contiguous(at::MemoryFormat::ChannelsLast));
}

TEST(ReNetTest, EveryCellSeesTheWholeMap) {
  torch::manual_seed(2);
  ReNet layer(1, 2);
  layer->to(at::kDouble);
  const at::Tensor x = torch::randn({1, 1, 4, 5}, at::kDouble).requires_grad_();
  layer->forward(x)[0].select(1, 3).select(1, 0).sum().backward();
  EXPECT_GT(x.grad().abs().min().item<double>(), 0);
}

TEST(ReNetTest, GradientsAreNumeric) {
  torch::manual_seed(3);
  ReNet layer(2, 3);
  layer->to(at::kDouble);
  const at::Tensor x = torch::randn({1, 2, 3, 4}, at::kDouble);
  const at::Tensor weights = torch::randn({1, 6, 3, 4}, at::kDouble);
  const auto loss = [&](const at::Tensor& map) { return (layer->forward(map) * weights).sum(); };
  EXPECT_LT(GradientError(x, loss), 1e-7);
  // Of each of the layer's own tensors.
  for (const auto& item : layer->named_parameters()) {
    SCOPED_TRACE(item.key());
    at::Tensor parameter = item.value();
    loss(x).backward();
    const at::Tensor gradient = parameter.grad().clone().view({-1});
    layer->zero_grad();
    const torch::NoGradGuard no_grad;
    at::Tensor flat = parameter.view({-1});
    for (int64_t i = 0; i < flat.numel(); i += 3) {
      constexpr double kStep = 1e-5;
      const double before = flat[i].item<double>();
      flat[i] = before + kStep;
      const double above = loss(x).item<double>();
      flat[i] = before - kStep;
      const double below = loss(x).item<double>();
      flat[i] = before;
      EXPECT_NEAR(gradient[i].item<double>(), (above - below) / (2 * kStep), 1e-7);
    }
  }
}

TEST(ReNetTest, OptionsAreChecked) {
  EXPECT_EQ(ErrorOf([] { ReNet layer(3, 0); }), "ReNet.units: must be at least 1, found 0");
}

}  // namespace
}  // namespace seglab
