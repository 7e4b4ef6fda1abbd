#include "nn/transposed_conv.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <array>
#include <vector>

namespace seglab {
namespace {

struct TransposedCase {
  int64_t kernel, stride, padding, height, width;
};

// LibTorch's, in values and in all gradients.
TEST(TransposedConvTest, IsLibTorchs) {
  torch::manual_seed(1);
  const std::vector<TransposedCase> cases = {{2, 2, 0, 5, 7}, {4, 2, 1, 5, 7}, {8, 2, 3, 6, 4},
                                             {3, 3, 0, 4, 4}, {6, 4, 1, 3, 5}, {3, 1, 1, 5, 7},
                                             {3, 1, 0, 4, 6}, {5, 1, 4, 6, 6}, {7, 1, 0, 1, 1},
                                             {3, 2, 0, 4, 5}, {4, 2, 1, 1, 1}};
  for (const TransposedCase& c : cases) {
    SCOPED_TRACE(testing::Message() << c.kernel << " " << c.stride << " " << c.padding);
    for (const bool has_bias : {true, false}) {
      std::vector<at::Tensor> leaves = {torch::randn({2, 3, c.height, c.width}, at::kDouble),
                                        torch::randn({3, 4, c.kernel, c.kernel}, at::kDouble)};
      if (has_bias) leaves.push_back(torch::randn({4}, at::kDouble));
      for (at::Tensor& leaf : leaves) leaf.requires_grad_();
      const at::Tensor bias = has_bias ? leaves[2] : at::Tensor();
      const at::Tensor expected =
          at::conv_transpose2d(leaves[0], leaves[1], bias, c.stride, c.padding);
      const at::Tensor found = TransposedConv(leaves[0], leaves[1], bias, c.stride, c.padding);
      ASSERT_EQ(found.sizes(), expected.sizes());
      EXPECT_LT((found - expected).abs().max().item<double>(), 1e-10);
      const at::Tensor weights = torch::randn_like(expected);
      const auto slopes = torch::autograd::grad({(found * weights).sum()}, leaves),
                 wanted = torch::autograd::grad({(expected * weights).sum()}, leaves);
      for (size_t i = 0; i < leaves.size(); ++i)
        EXPECT_LT((slopes[i] - wanted[i]).abs().max().item<double>(), 1e-9);
    }
  }
}

// What goes in with variance 1 comes out with variance 2, which a ReLU halves.
TEST(TransposedConvTest, FreshWeightsKeepTheVariance) {
  torch::manual_seed(2);
  for (const auto& [kernel, stride, padding] :
       {std::array{2, 2, 0}, std::array{4, 2, 1}, std::array{3, 1, 1}}) {
    TransposedConv2d layer(
        torch::nn::ConvTranspose2dOptions(64, 64, kernel).stride(stride).padding(padding));
    layer->InitHe();
    const at::Tensor y = layer->forward(torch::randn({1, 64, 24, 24}));
    EXPECT_NEAR(y.slice(2, 4, -4).slice(3, 4, -4).var().item<double>(), 2, 0.2) << kernel;
  }
}

TEST(TransposedConvTest, ALayerHasLibTorchsNames) {
  TransposedConv2d layer(torch::nn::ConvTranspose2dOptions(3, 2, 4).stride(2).padding(1));
  const at::Tensor x = torch::randn({1, 3, 4, 5});
  EXPECT_TRUE(at::allclose(layer->forward(x),
                           at::conv_transpose2d(x, layer->weight, layer->bias, 2, 1), 1e-4, 1e-5));
  EXPECT_EQ(layer->named_parameters().keys(), (std::vector<std::string>{"weight", "bias"}));
}

}  // namespace
}  // namespace seglab
