#include "nn/fast_conv.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <limits>

#include "nn/grouped_conv.h"
#include "nn/layer_tap.h"
#include "nn/onednn.h"
#include "nn/relu6.h"
#include "nn/sequential.h"
#include "tensor/compat.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

/// A norm that has seen something.
BatchNorm2d Norm(int64_t channels) {
  BatchNorm2d norm(channels);
  const torch::NoGradGuard no_grad;
  norm->weight.uniform_(0.5, 1.5);
  norm->bias.normal_();
  norm->running_mean.normal_();
  norm->running_var.uniform_(0.2, 2);
  norm->eval();
  return norm;
}

double Difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kFloat) - b.to(at::kFloat)).abs().max().item<double>();
}

// Strides, dilation, borders, groups and channels of any number; bias and norm present or not.
TEST(Fused, IsTheChainOfLayers) {
  torch::manual_seed(1);
  const torch::NoGradGuard no_grad;
  const nn::Conv2dOptions kinds[] = {nn::Conv2dOptions(3, 64, 7).stride(2).padding(3).bias(false),
                                     nn::Conv2dOptions(16, 24, 1),
                                     nn::Conv2dOptions(16, 16, 3).padding(1).bias(false),
                                     nn::Conv2dOptions(5, 7, 3).padding(4).dilation(4),
                                     nn::Conv2dOptions(32, 32, 3).padding(1).groups(32).bias(false),
                                     nn::Conv2dOptions(32, 48, 5).groups(4),
                                     nn::Conv2dOptions(16, 32, {3, 1}).bias(false)};
  for (const nn::Conv2dOptions& options : kinds) {
    FastConv2d conv(options);
    BatchNorm2d norm = Norm(options.out_channels());
    const at::Tensor x = at::randn({2, options.in_channels(), 17, 23});
    for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kRelu6}) {
      for (const bool has_norm : {false, true}) {
        for (const bool adds : {false, true}) {
          at::Tensor plain = conv->forward(x);
          if (has_norm) plain = norm->forward(plain);
          const at::Tensor added = adds ? at::randn_like(plain) : at::Tensor();
          if (adds) plain = plain + added;
          if (activation == Activation::kRelu) plain = plain.relu();
          if (activation == Activation::kRelu6) plain = plain.clamp(0, 6);
          const FusedScope scope(true);
          const BatchNorm2d given = has_norm ? norm : BatchNorm2d(nullptr);
          const at::Tensor fused =
              ForwardConv(conv, given, x, activation, adds ? added.clone() : added);
          ASSERT_EQ(fused.sizes(), plain.sizes());
          EXPECT_LT(Difference(fused, plain), 1e-5);
        }
      }
    }
  }
}

TEST(Fused, SizesComeAndGo) {
  torch::manual_seed(2);
  const torch::NoGradGuard no_grad;
  FastConv2d conv(nn::Conv2dOptions(8, 16, 3).padding(1));
  for (const int64_t side : {9, 30, 9, 1, 64, 31, 17, 30, 5, 9}) {
    const at::Tensor x = at::randn({1, 8, side, side + 1});
    const at::Tensor plain = conv->forward(x);
    const FusedScope scope(true);
    EXPECT_LT(Difference(conv->forward(x), plain), 1e-5) << side;
  }
}

// A window larger than caches is multiplied where there are few cells, else not; sizes come and go.
TEST(Fused, LargeWindows) {
  torch::manual_seed(8);
  const torch::NoGradGuard no_grad;
  for (const nn::Conv2dOptions& options :
       {nn::Conv2dOptions(512, 176, 7).padding(3),
        nn::Conv2dOptions(352, 256, 7).padding(6).dilation(2).stride(2).bias(false)}) {
    FastConv2d conv(options);
    BatchNorm2d norm = Norm(options.out_channels());
    for (const int64_t side : {9, 40, 10}) {
      const at::Tensor x = at::randn({1, options.in_channels(), side, side + 2});
      const at::Tensor plain = norm->forward(conv->forward(x)), added = at::randn_like(plain);
      const FusedScope scope(true);
      const double bound = 1e-5 * (1 + plain.abs().max().item<double>());
      EXPECT_LT(Difference(ForwardConv(conv, norm, x, Activation::kRelu), plain.relu()), bound);
      EXPECT_LT(
          Difference(ForwardConv(conv, norm, x, Activation::kNone, added.clone()), plain + added),
          bound);
    }
  }
}

TEST(Fused, SeesThatWeightsOrNormHaveChanged) {
  torch::manual_seed(3);
  const torch::NoGradGuard no_grad;
  FastConv2d conv(nn::Conv2dOptions(16, 16, 3).padding(1).bias(false));
  BatchNorm2d norm = Norm(16);
  const at::Tensor x = at::randn({1, 16, 12, 12});
  const auto check = [&] {
    const at::Tensor plain = norm->forward(conv->forward(x));
    const FusedScope scope(true);
    EXPECT_LT(Difference(ForwardConv(conv, norm, x, Activation::kNone), plain), 1e-5);
  };
  check();
  conv->weight.mul_(2);
  check();
  norm->running_var.mul_(3);
  check();
  norm->bias.add_(1);
  check();
  conv->weight.set_data(conv->weight / 4);
  check();
  norm->train();
  norm->forward(conv->forward(x * 3 + 1));  // moves the running statistics alone
  norm->eval();
  check();
}

TEST(Fused, ASequentialTakesWhatStandsBehind) {
  torch::manual_seed(4);
  const torch::NoGradGuard no_grad;
  TensorSequential layers(FastConv2d(nn::Conv2dOptions(3, 16, 3).padding(1)), nn::ReLU(),
                          FastConv2d(nn::Conv2dOptions(16, 32, 1).bias(false)), Norm(32), Relu6(),
                          GroupedConv2d(nn::Conv2dOptions(32, 32, 3).groups(32)), Norm(32),
                          FastConv2d(nn::Conv2dOptions(32, 8, 1)));
  layers->eval();
  const at::Tensor x = at::randn({1, 3, 20, 21});
  const at::Tensor plain = layers->forward(x);
  const FusedScope scope(true);
  EXPECT_LT(Difference(layers->forward(x), plain), 1e-5);
  EXPECT_LT(Difference(layers->Run(layers->Run(x, 0, 3), 3, 8), plain), 1e-5)
      << "cut between a convolution and its norm";
  layers[3]->train();
  EXPECT_FALSE(at::allclose(layers->forward(x), plain, 1e-3, 1e-3)) << "its own statistics";
}

// A tap wants every layer's output, a gradient its input.
TEST(Fused, OnlyWhereNobodyLooks) {
  TensorSequential layers(FastConv2d(nn::Conv2dOptions(3, 4, 3)), nn::ReLU());
  const at::Tensor x = at::randn({1, 3, 8, 8});
  const FusedScope scope(true);
  EXPECT_FALSE(FusedScope::IsOn());
  EXPECT_TRUE(layers->forward(x).requires_grad());
  const torch::NoGradGuard no_grad;
  EXPECT_TRUE(FusedScope::IsOn());
  const LayerTap tap(*layers, {"0"});
  EXPECT_FALSE(FusedScope::IsOn());
  const at::Tensor y = layers->forward(x);
  EXPECT_TRUE(tap.Output("0").relu().equal(y));
}

TEST(Fused, BrokenNumbersStayVisible) {
  const torch::NoGradGuard no_grad;
  FastConv2d conv(nn::Conv2dOptions(16, 16, 3).padding(1));
  conv->weight[3][2][1][1] = std::numeric_limits<float>::quiet_NaN();
  const at::Tensor x = at::ones({1, 16, 8, 8});
  const FusedScope scope(true);
  EXPECT_TRUE(ForwardConv(conv, nullptr, x, Activation::kRelu).isnan().any().item<bool>());
}

TEST(Fused, Bfloat16IsWithinItsOwnRounding) {
  torch::manual_seed(5);
  const torch::NoGradGuard no_grad;
  FastConv2d conv(nn::Conv2dOptions(64, 32, 3).padding(1).bias(false));
  BatchNorm2d norm = Norm(32);
  const at::Tensor x = at::randn({1, 64, 14, 15});
  const at::Tensor plain = norm->forward(conv->forward(x)).relu();
  const AutocastGuard autocast(at::kCPU, true, at::kBFloat16);
  const FusedScope scope(true);
  const at::Tensor fused = ForwardConv(conv, norm, x, Activation::kRelu);
  EXPECT_EQ(fused.scalar_type(), at::kBFloat16);
  EXPECT_LT(Difference(fused, plain), 0.02 * plain.abs().max().item<double>());
}

TEST(MultiplyBatch, IsMatmul) {
  torch::manual_seed(6);
  const at::Tensor a = at::randn({5, 7, 9}), b = at::randn({5, 9, 11});
  at::Tensor out = at::ones({5, 7, 11});
  const auto contiguous = [](const at::Tensor& t) {
    return MatrixBatch{t.data_ptr<float>(), t.stride(0), t.stride(1), t.stride(2)};
  };
  MultiplyBatch(5, 7, 11, 9, contiguous(a), contiguous(b), out.data_ptr<float>(), 77, false);
  EXPECT_LT(Difference(out, at::bmm(a, b)), 1e-5);
  const at::Tensor turned = a.transpose(1, 2).contiguous().transpose(1, 2);
  MultiplyBatch(5, 7, 11, 9, contiguous(turned), contiguous(b), out.data_ptr<float>(), 77, true);
  EXPECT_LT(Difference(out, 2 * at::bmm(a, b)), 1e-5);
}

}  // namespace
}  // namespace seglab
