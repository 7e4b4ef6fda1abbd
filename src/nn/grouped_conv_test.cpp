#include "nn/grouped_conv.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <array>
#include <vector>

#include "tensor/compat.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

/// The gradients of a loss with fixed weights: of the window and of the map.
std::vector<at::Tensor> Gradients(GroupedConv2d& conv, const at::Tensor& map, bool bfloat16) {
  conv->zero_grad();
  const at::Tensor x = map.detach().requires_grad_();
  at::Tensor y;
  {
    const AutocastGuard autocast(at::kCPU, bfloat16, at::kBFloat16);
    y = conv->forward(x);
  }
  EXPECT_EQ(y.scalar_type(), bfloat16 ? at::kBFloat16 : at::kFloat);
  torch::manual_seed(2);
  (y.to(at::kFloat) * torch::randn_like(y, at::kFloat)).sum().backward();
  return {conv->weight.grad().clone(), x.grad()};
}

// Two of a kind that LibTorch's own gets wrong, one beyond its trouble.
TEST(GroupedConv, GradientsInBfloat16AreThoseOfFloat32) {
  for (const auto& [channels, groups, side] :
       {std::array{32, 32, 33}, std::array{32, 4, 37}, std::array{64, 2, 33}}) {
    torch::manual_seed(1);
    GroupedConv2d conv(
        nn::Conv2dOptions(channels, channels, 3).padding(2).dilation(2).groups(groups).bias(false));
    const at::Tensor map =
        torch::randn({2, channels, side, side}).contiguous(at::MemoryFormat::ChannelsLast);
    const auto exact = Gradients(conv, map, false);
    const auto rough = Gradients(conv, map, true);
    for (size_t i = 0; i < exact.size(); ++i) {
      const double scale = exact[i].abs().max().item<double>();
      EXPECT_LT((rough[i] - exact[i]).abs().max().item<double>(), 0.02 * scale)
          << channels << " channels, " << groups << " groups, gradient " << i;
    }
  }
}

TEST(GroupedConv, LeavesAutocastAsItWas) {
  GroupedConv2d conv(nn::Conv2dOptions(4, 4, 3).padding(2).dilation(2).groups(4));
  const AutocastGuard autocast(at::kCPU, true, at::kBFloat16);
  conv->forward(torch::zeros({1, 4, 9, 9}));
  EXPECT_TRUE(AutocastEnabled(at::kCPU));
  const AutocastPause pause(at::kCPU);
  EXPECT_FALSE(AutocastEnabled(at::kCPU));
}

}  // namespace
}  // namespace seglab
