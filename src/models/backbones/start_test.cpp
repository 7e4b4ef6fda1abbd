#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <string>

#include "models/registry.h"

// How fresh weights are drawn.
namespace seglab {
namespace {

struct StartRow {
  const char* backbone;
  int checked;  ///< convolutions of 4096 weights or more, whose spread can be told
};

void PrintTo(const StartRow& row, std::ostream* out) { *out << row.backbone; }

class NormedStartTest : public testing::TestWithParam<StartRow> {};

// As torchvision: normal with variance 2 / (outputs k k), which for a depthwise kernel counts the
// outputs of all groups.
TEST_P(NormedStartTest, HeWithFanOut) {
  torch::manual_seed(1);
  const auto model = MakeModel(Json{{"name", "classifier"}, {"backbone", GetParam().backbone}}, 10);
  int checked = 0;
  for (const auto& child : model->modules(/*include_self=*/false)) {
    const auto* conv = child->as<torch::nn::Conv2dImpl>();
    if (conv == nullptr || conv->weight.numel() < 4096) continue;
    ++checked;
    const at::Tensor weight = conv->weight.detach();
    const double outputs = static_cast<double>(weight.size(0) * weight.size(2) * weight.size(3));
    const double expected = std::sqrt(2 / outputs);
    // Six times the standard error of the estimate.
    const double error = 6 * expected / std::sqrt(2.0 * static_cast<double>(weight.numel()));
    EXPECT_NEAR(weight.std().item<double>(), expected, error) << weight.sizes();
    EXPECT_NEAR(weight.mean().item<double>(), 0, 2 * error) << weight.sizes();
  }
  EXPECT_EQ(checked, GetParam().checked);
}

INSTANTIATE_TEST_SUITE_P(Networks, NormedStartTest,
                         testing::Values(StartRow{"resnet18", 20}, StartRow{"resnet50", 53},
                                         StartRow{"mobilenet_v1", 19},
                                         StartRow{"mobilenet_v2", 34}),
                         [](const auto& row) { return std::string(row.param.backbone); });

}  // namespace
}  // namespace seglab
