#include "nn/winograd.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <array>

#include "nn/fast_conv.h"
#include "nn/winograd_training.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

at::Tensor Window(int64_t out, int64_t in) {
  return at::randn({out, in, 3, 3}) * std::sqrt(2.0 / static_cast<double>(9 * in));
}

// Maps smaller than a tile, one pixel beyond it, of many blocks; several images; without a border,
// with one as wide as FCN's.
TEST(Winograd, IsTheConvolution) {
  torch::manual_seed(1);
  for (const auto& [images, in, out, height, width, padding, dilation] :
       {std::array<int64_t, 7>{1, 16, 32, 1, 1, 1, 1},
        {2, 32, 16, 4, 5, 1, 1},
        {1, 16, 16, 5, 9, 0, 1},
        {3, 16, 48, 33, 18, 1, 1},
        {1, 16, 16, 3, 4, 100, 1},
        {1, 32, 32, 17, 23, 2, 2},
        {2, 16, 16, 9, 30, 4, 4},
        {1, 16, 16, 20, 20, 3, 5},
        {1, 128, 64, 130, 131, 1, 1}}) {
    const at::Tensor x = at::randn({images, in, height, width}).relu();
    const at::Tensor weight = Window(out, in), bias = at::randn({out});
    const at::Tensor exact = at::conv2d(x.to(at::kDouble), weight.to(at::kDouble),
                                        bias.to(at::kDouble), 1, padding, dilation);
    ASSERT_TRUE(WinogradFits(x, weight, 1, 1));
    for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
      const at::Tensor y =
          WinogradConv(x.contiguous(format), WinogradWeights(weight), bias, padding, dilation);
      ASSERT_EQ(y.sizes(), exact.sizes());
      EXPECT_LT((y - exact).abs().max().item<double>(), 1e-4) << height << "x" << width;
    }
    const at::Tensor bare =
        WinogradConv(x, WinogradWeights(weight), at::Tensor(), padding, dilation);
    EXPECT_LT((bare + bias.view({1, -1, 1, 1}) - exact).abs().max().item<double>(), 1e-4);
  }
}

TEST(Winograd, ActivatesItsOutput) {
  torch::manual_seed(6);
  const at::Tensor x = at::randn({1, 16, 9, 7}) * 4, weights = WinogradWeights(Window(16, 16));
  const at::Tensor plain = WinogradConv(x, weights, {}, 1, 1);
  EXPECT_TRUE(WinogradConv(x, weights, {}, 1, 1, Activation::kRelu).equal(plain.relu()));
  EXPECT_TRUE(WinogradConv(x, weights, {}, 1, 1, Activation::kRelu6).equal(plain.clamp(0, 6)));
}

// The gradients of input, window and bias beside those of LibTorch in double.
TEST(Winograd, TrainsAsTheConvolution) {
  torch::manual_seed(7);
  for (const auto& [images, in, out, height, width, padding, dilation] :
       {std::array<int64_t, 7>{2, 16, 32, 9, 14, 1, 1},
        {1, 32, 16, 5, 6, 0, 1},
        {1, 16, 16, 11, 12, 2, 1},
        {2, 16, 48, 13, 10, 2, 2},
        {3, 48, 16, 40, 37, 4, 4}}) {
    const at::Tensor weight = Window(out, in).requires_grad_(), bias = at::randn({out});
    const at::Tensor x = at::randn({images, in, height, width});
    x.requires_grad_();
    bias.requires_grad_();
    const at::Tensor y = WinogradConvInTraining(x, weight, bias, padding, dilation);
    const at::Tensor slope = at::randn_like(y);
    const auto found = torch::autograd::grad({y}, {x, weight, bias}, {slope});
    const auto exact_of = [](const at::Tensor& t) {
      return t.detach().to(at::kDouble).requires_grad_();
    };
    const at::Tensor x2 = exact_of(x), weight2 = exact_of(weight), bias2 = exact_of(bias);
    const at::Tensor y2 = at::conv2d(x2, weight2, bias2, 1, padding, dilation);
    EXPECT_LT((y - y2).abs().max().item<double>(), 1e-4);
    const auto exact = torch::autograd::grad({y2}, {x2, weight2, bias2}, {slope.to(at::kDouble)});
    EXPECT_TRUE(WinogradConvInTraining(x, weight, {}, padding, dilation)
                    .equal(WinogradConvInTraining(x, weight, at::zeros({out}), padding, dilation)));
    for (size_t i = 0; i < exact.size(); ++i) {
      ASSERT_EQ(found[i].sizes(), exact[i].sizes());
      const double size = exact[i].std().item<double>();
      EXPECT_LT((found[i] - exact[i]).abs().max().item<double>(), 1e-4 * size) << i;
    }
  }
}

TEST(Winograd, ThreadsChangeLittle) {
  torch::manual_seed(2);
  const at::Tensor x = at::randn({1, 32, 40, 41}), weights = WinogradWeights(Window(32, 32));
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor one = WinogradConv(x, weights, at::Tensor(), 1, 1);
  at::set_num_threads(2);
  const at::Tensor two = WinogradConv(x, weights, at::Tensor(), 1, 1);
  at::set_num_threads(threads);
  EXPECT_LT((one - two).abs().max().item<double>(), 1e-5);
}

TEST(Winograd, FitsWhatItCanDo) {
  const at::Tensor x = at::zeros({1, 16, 8, 8});
  EXPECT_TRUE(WinogradFits(x, at::zeros({16, 16, 3, 3}), 1, 1));
  EXPECT_FALSE(WinogradFits(x, at::zeros({16, 16, 3, 3}), 2, 1));
  EXPECT_FALSE(WinogradFits(x, at::zeros({16, 16, 1, 1}), 1, 1));
  EXPECT_FALSE(WinogradFits(x, at::zeros({21, 16, 3, 3}), 1, 1));
  EXPECT_FALSE(WinogradFits(x, at::zeros({16, 1, 3, 3}), 1, 16));
  EXPECT_FALSE(WinogradFits(x.to(at::kDouble), at::zeros({16, 16, 3, 3}), 1, 1));
}

at::Tensor InScope(FastConv2d& conv, const at::Tensor& x) {
  const torch::NoGradGuard no_grad;
  const WinogradScope scope(true);
  return conv->forward(x);
}

TEST(FastConv, IsLibTorchsOutsideOfAScope) {
  torch::manual_seed(3);
  FastConv2d conv(nn::Conv2dOptions(16, 16, 3).padding(1));
  const at::Tensor x = at::randn({1, 16, 12, 12});
  const at::Tensor plain = at::conv2d(x, conv->weight, conv->bias, 1, 1);
  EXPECT_TRUE(conv->forward(x).equal(plain));
  {
    const WinogradScope scope(true);
    const at::Tensor trained = conv->forward(x);
    EXPECT_TRUE(trained.requires_grad());
    EXPECT_TRUE(at::allclose(trained, plain, 1e-4, 1e-4));
  }
  const at::Tensor fast = InScope(conv, x);
  EXPECT_FALSE(fast.equal(plain)) << "the same bits: it was not taken";
  EXPECT_TRUE(at::allclose(fast, plain, 1e-4, 1e-4));
  EXPECT_FALSE(WinogradScope::IsOn());
}

TEST(FastConv, SeesThatItsWeightsHaveChanged) {
  torch::manual_seed(4);
  FastConv2d conv(nn::Conv2dOptions(16, 16, 3).padding(1).bias(false));
  const at::Tensor x = at::randn({1, 16, 12, 12});
  const at::Tensor before = InScope(conv, x);
  {
    const torch::NoGradGuard no_grad;
    conv->weight.mul_(2);
  }
  EXPECT_TRUE(at::allclose(InScope(conv, x), before * 2, 1e-4, 1e-4));
  conv->weight.set_data(conv->weight.detach() / 2);
  EXPECT_TRUE(at::allclose(InScope(conv, x), before, 1e-4, 1e-4));
}

TEST(FastConv, WhatDoesNotFitIsLibTorchs) {
  torch::manual_seed(5);
  for (const nn::Conv2dOptions& options :
       {nn::Conv2dOptions(16, 16, 3).stride(2), nn::Conv2dOptions(16, 21, 3),
        nn::Conv2dOptions(16, 16, 3).groups(2), nn::Conv2dOptions(16, 16, 1),
        nn::Conv2dOptions(16, 16, 3).padding({1, 2}),
        nn::Conv2dOptions(16, 16, 3).padding(1).padding_mode(torch::kReflect)}) {
    FastConv2d fast(options);
    nn::Conv2d plain(options);
    plain->weight.set_data(fast->weight.detach());
    plain->bias.set_data(fast->bias.detach());
    const at::Tensor x = at::randn({1, 16, 9, 9});
    EXPECT_TRUE(InScope(fast, x).equal(plain->forward(x)));
  }
}

}  // namespace
}  // namespace seglab
