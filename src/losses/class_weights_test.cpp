#include "losses/class_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/test_error.h"
#include "losses/test_losses.h"

namespace seglab {
namespace {

using testing::HasSubstr;

TEST(ClassWeightsTest, AreThoseOfTheCells) {
  const at::Tensor label = torch::tensor({{0, 2}, {1, 255}}).to(at::kByte);
  const at::Tensor weights = WeightsOfCells(label, {0.5, 2, 3}, at::kDouble);
  EXPECT_TRUE(at::equal(weights, torch::tensor({{0.5, 3.0}, {2.0, 0.5}}, at::kDouble)));
  EXPECT_EQ(WeightOfCounted(label, {0.5, 2, 3}).item<double>(), 5.5);
  EXPECT_EQ(WeightOfCounted(label, {}).item<double>(), 3);
}

// What counts them is not of this room; until then the word alone is looked at.
TEST(ClassWeightsTest, MedianFrequencyWaitsForData) {
  for (const char* name : {"cross_entropy", "focal", "border_cross_entropy"}) {
    const std::string spec =
        StrCat(R"({"name": ")", name, R"(", "class_weights": "median_frequency"})");
    EXPECT_NE(LossOfText(spec), nullptr);
    EXPECT_THAT(ErrorOf([&] { LossOfText(spec, 3); }),
                HasSubstr("loss.class_weights: \"median_frequency\" is counted from"));
  }
  EXPECT_THAT(ErrorOf([] { LossOfText(R"({"class_weights": "median"})"); }),
              HasSubstr("loss.class_weights: unknown weights \"median\""));
}

}  // namespace
}  // namespace seglab
