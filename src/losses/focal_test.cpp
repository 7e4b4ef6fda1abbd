#include "losses/focal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "base/test_error.h"
#include "losses/test_losses.h"

namespace seglab {
namespace {

using testing::HasSubstr;

TEST(FocalTest, IsTheDefinition) {
  torch::manual_seed(1);
  const at::Tensor logits = 3 * torch::randn({2, 4, 5, 6}, at::kDouble);
  const at::Tensor label = LabelsWithVoid({2, 5, 6}, 4);
  const at::Tensor p = logits.softmax(1);
  const std::vector<double> weights = {1, 0.25, 3, 0};
  for (const double gamma : {0.0, 0.5, 1.0, 2.0, 5.0}) {
    double sum = 0, total = 0;
    for (int64_t n = 0; n < 2; ++n) {
      for (int64_t y = 0; y < 5; ++y) {
        for (int64_t x = 0; x < 6; ++x) {
          const auto truth = label[n][y][x].item<int64_t>();
          if (truth == 255) continue;
          const double own = p[n][truth][y][x].item<double>();
          sum -= weights[truth] * std::pow(1 - own, gamma) * std::log(own);
          total += weights[truth];
        }
      }
    }
    FocalOptions options;
    options.gamma = gamma;
    options.class_weights = weights;
    EXPECT_NEAR(MeanLoss(Focal(options), logits, label).item<double>(), sum / total, 1e-12);
  }
}

TEST(FocalTest, WithoutGammaItIsCrossEntropy) {
  torch::manual_seed(2);
  const at::Tensor logits = torch::randn({2, 3, 5, 6}), label = LabelsWithVoid({2, 5, 6}, 3);
  for (const std::string& rest :
       {std::string("}"), std::string(R"(, "class_weights": [1, 2, 3]})")}) {
    const auto focal = LossOfText(R"({"name": "focal", "gamma": 0)" + rest);
    const auto plain = LossOfText(R"({"name": "cross_entropy")" + rest);
    EXPECT_NEAR(MeanLoss(*focal, logits, label).item<double>(),
                MeanLoss(*plain, logits, label).item<double>(), 1e-6);
  }
}

TEST(FocalTest, OptionsOutOfRange) {
  EXPECT_THAT(ErrorOf([] { LossOfText(R"({"name": "focal", "gamma": -1})"); }),
              HasSubstr("loss.gamma"));
  EXPECT_THAT(ErrorOf([] { LossOfText(R"({"name": "focal", "alpha": 1})"); }), HasSubstr("alpha"));
  EXPECT_THAT(ErrorOf([] { LossOfText(R"({"name": "focal", "class_weights": [1, 2]})", 3); }),
              HasSubstr("loss.class_weights: 2 weights for 3 classes"));
  FocalOptions options;
  options.gamma = std::nan("");
  EXPECT_THAT(ErrorOf([&] { Focal made(options); }), HasSubstr("loss.gamma"));
}

}  // namespace
}  // namespace seglab
