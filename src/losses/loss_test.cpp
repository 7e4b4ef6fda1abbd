#include "losses/loss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/test_error.h"

namespace seglab {
namespace {

using testing::HasSubstr;

TEST(LossTest, EveryRowIsMadeByNameAndHasFiniteGradients) {
  torch::manual_seed(1);
  for (const LossRow& row : LossRows()) {
    SCOPED_TRACE(row.name);
    const std::shared_ptr<const Loss> loss = MakeLoss(row.name, 4, "loss");
    const at::Tensor logits = torch::randn({2, 4, 5, 6}).requires_grad_();
    const at::Tensor label = torch::randint(0, 4, {2, 5, 6}, at::kByte);
    const at::Tensor mean = MeanLoss(*loss, logits, label);
    EXPECT_GT(mean.item<double>(), 0);
    mean.backward();
    EXPECT_TRUE(at::isfinite(logits.grad()).all().item<bool>());
    EXPECT_EQ(loss->Divisor(label.fill_(255)).dim(), 0);
    EXPECT_EQ(MeanLoss(*loss, logits, label).item<double>(), 0) << "all void";
  }
}

TEST(LossTest, SumsAndDivisorsOfPartsAddUp) {
  torch::manual_seed(2);
  for (const LossRow& row : LossRows()) {
    SCOPED_TRACE(row.name);
    const std::shared_ptr<const Loss> loss = MakeLoss(row.name, 4, "loss");
    const at::Tensor logits = torch::randn({3, 4, 5, 6}, at::kDouble);
    const at::Tensor label = torch::randint(0, 4, {3, 5, 6}, at::kByte);
    label[0].fill_(255);
    label[1].slice(0, 2).fill_(255);
    double sum = 0, divisor = 0;
    for (int i = 0; i < 3; ++i) {
      sum += loss->Sum(logits.slice(0, i, i + 1), label.slice(0, i, i + 1)).item<double>();
      divisor += loss->Divisor(label.slice(0, i, i + 1)).item<double>();
    }
    EXPECT_NEAR(MeanLoss(*loss, logits, label).item<double>(), sum / divisor, 1e-12);
  }
}

TEST(LossTest, UnknownNamesAreErrors) {
  EXPECT_THAT(ErrorOf([] { MakeLoss("cross_entropi", 2, "train.loss"); }),
              HasSubstr("train.loss.name: unknown loss \"cross_entropi\""));
}

}  // namespace
}  // namespace seglab
