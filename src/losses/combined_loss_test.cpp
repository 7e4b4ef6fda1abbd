#include "losses/combined_loss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/test_error.h"
#include "losses/test_losses.h"

namespace seglab {
namespace {

using testing::HasSubstr;

TEST(CombinedLossTest, IsTheWeightedSumOfTheMeans) {
  torch::manual_seed(1);
  const at::Tensor logits = torch::randn({3, 4, 5, 6}, at::kDouble);
  const at::Tensor label = LabelsWithVoid({3, 5, 6}, 4);
  label[1].fill_(255);
  const auto both = LossOfText(R"({"name": "sum", "losses": [
      {"name": "cross_entropy", "class_weights": [1, 2, 3, 4]}, "dice",
      {"name": "lovasz", "weight": 0.25}, {"name": "ohem", "weight": 0}]})",
                               4);
  const double expected =
      MeanLoss(*LossOfText(R"({"class_weights": [1, 2, 3, 4]})"), logits, label).item<double>() +
      MeanLoss(*LossOfText(R"({"name": "dice"})"), logits, label).item<double>() +
      0.25 * MeanLoss(*LossOfText(R"({"name": "lovasz"})"), logits, label).item<double>();
  EXPECT_NEAR(MeanLoss(*both, logits, label).item<double>(), expected, 1e-12);
  EXPECT_EQ(both->Divisor(label).sizes(), (std::vector<int64_t>{4}));
  EXPECT_TRUE(both->IsMean());
  EXPECT_FALSE(both->GuessIsLogOfClasses());
}

TEST(CombinedLossTest, MayBeNested) {
  torch::manual_seed(2);
  const at::Tensor logits = torch::randn({1, 4, 5, 6}, at::kDouble);
  const at::Tensor label = LabelsWithVoid({1, 5, 6}, 4);
  const auto flat =
      LossOfText(R"({"name": "sum", "losses": [{"weight": 3}, {"name": "dice", "weight": 6}]})");
  const auto nested = LossOfText(R"({"name": "sum", "losses": [{"name": "sum", "weight": 3,
      "losses": ["cross_entropy", {"name": "dice", "weight": 2}]}]})");
  EXPECT_NEAR(MeanLoss(*nested, logits, label).item<double>(),
              MeanLoss(*flat, logits, label).item<double>(), 1e-12);
}

TEST(CombinedLossTest, SaysWhatIsWrongWithAPart) {
  const auto message = [](const std::string& losses) {
    return ErrorOf([&] { LossOfText(R"({"name": "sum", "losses": )" + losses + "}", 2); });
  };
  EXPECT_THAT(ErrorOf([] { MakeLoss("sum", 2, "train.loss"); }), HasSubstr("train.loss.losses"));
  EXPECT_THAT(message("[]"), HasSubstr("loss.losses: must be a list of losses"));
  EXPECT_THAT(message("3"), HasSubstr("loss.losses: must be a list of losses"));
  EXPECT_THAT(message("[3]"), HasSubstr("loss.losses[0]"));
  EXPECT_THAT(message(R"(["dise"])"), HasSubstr("loss.losses[0].name: unknown loss \"dise\""));
  EXPECT_THAT(message(R"([{"name": "dice", "wieght": 2}])"), HasSubstr("did you mean \"weight\""));
  EXPECT_THAT(message(R"([{"name": "dice", "weight": -2}])"), HasSubstr("loss.losses[0].weight"));
  EXPECT_THAT(message(R"(["dice", {"reduction": "sum"}])"),
              HasSubstr("loss.losses[1].reduction: \"sum\" does not go with other losses"));
  EXPECT_THAT(message(R"([{"name": "dice", "weight": 0}])"), HasSubstr("all weights are 0"));
  EXPECT_THAT(message(R"([{"class_weights": [1]}])"), HasSubstr("loss.losses[0].class_weights"));
}

}  // namespace
}  // namespace seglab
