#include "losses/loss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/test_error.h"
#include "losses/test_losses.h"

namespace seglab {
namespace {

using testing::HasSubstr;

constexpr int kTableClasses = 4;

/// A loss of each row, with its defaults and with all that it takes.
std::vector<std::string> SpecsOf(const LossRow& row) {
  if (row.name == "sum") {
    return {R"({"name": "sum", "losses": ["cross_entropy", {"name": "dice", "weight": 0.5}]})",
            R"({"name": "sum", "losses": [{"name": "ohem", "weight": 2}, "lovasz",
                {"name": "sum", "losses": ["focal", "border_cross_entropy"]}]})"};
  }
  std::vector<std::string> specs = {R"({"name": ")" + row.name + R"("})"};
  if (row.name == "cross_entropy")
    specs.push_back(R"({"class_weights": [1, 0.5, 0, 3], "label_smoothing": 0.1})");
  if (row.name == "focal")
    specs.push_back(R"({"name": "focal", "gamma": 0.5, "class_weights": [1, 0.5, 0, 3]})");
  if (row.name == "dice") specs.push_back(R"({"name": "dice", "classes": "all", "smooth": 0})");
  if (row.name == "ohem") specs.push_back(R"({"name": "ohem", "keep": 0.7})");
  if (row.name == "border_cross_entropy") {
    specs.push_back(R"({"name": "border_cross_entropy", "w0": 3, "sigma": 1, "background": 2,
                        "class_weights": [1, 0.5, 0, 3]})");
  }
  return specs;
}

/// Calls `test` with every loss of the table.
template <typename Test>
void WithEachLoss(const Test& test) {
  for (const LossRow& row : LossRows()) {
    for (const std::string& spec : SpecsOf(row)) {
      SCOPED_TRACE(spec);
      torch::manual_seed(1);
      test(*LossOfText(spec, kTableClasses));
    }
  }
}

/// Whether each image has one label, for which a loss of label maps has no use.
bool TakesCategories(const Loss& loss) {
  return ErrorOf([&] { loss.Divisor(torch::zeros({3}, at::kLong)); }).empty();
}

TEST(LossTest, EveryRowIsMadeByNameAndHasFiniteGradients) {
  WithEachLoss([](const Loss& loss) {
    const at::Tensor logits = torch::randn({2, 4, 5, 6}).requires_grad_();
    const at::Tensor label = torch::randint(0, 4, {2, 5, 6}, at::kByte);
    const at::Tensor mean = MeanLoss(loss, logits, label);
    EXPECT_EQ(mean.dim(), 0);
    EXPECT_GT(mean.item<double>(), 0);
    mean.backward();
    EXPECT_TRUE(at::isfinite(logits.grad()).all().item<bool>());
    EXPECT_EQ(loss.Divisor(label).sizes(), loss.Sum(logits, label).sizes());
    EXPECT_EQ(loss.Divisor(label).scalar_type(), at::kDouble);
    EXPECT_TRUE(at::equal(mean, MeanLoss(loss, logits, label.to(at::kLong))));
  });
}

TEST(LossTest, SumsAndDivisorsOfPartsAddUp) {
  WithEachLoss([](const Loss& loss) {
    const at::Tensor logits = torch::randn({3, 4, 5, 6}, at::kDouble);
    const at::Tensor label = torch::randint(0, 4, {3, 5, 6}, at::kByte);
    label[0].fill_(255);
    label[1].slice(0, 2).fill_(255);
    at::Tensor sum = at::zeros({}, at::kDouble), divisor = sum;
    for (int i = 0; i < 3; ++i) {
      sum = sum + loss.Sum(logits.slice(0, i, i + 1), label.slice(0, i, i + 1));
      divisor = divisor + loss.Divisor(label.slice(0, i, i + 1));
    }
    EXPECT_NEAR(MeanLoss(loss, logits, label).item<double>(), Quotient(sum, divisor).item<double>(),
                1e-12);
  });
}

TEST(LossTest, GradientsEqualCentralDifferences) {
  WithEachLoss([](const Loss& loss) {
    ExpectNumericGradient(loss, torch::randn({2, 4, 3, 4}, at::kDouble),
                          LabelsWithVoid({2, 3, 4}, 4));
    if (TakesCategories(loss))
      ExpectNumericGradient(loss, torch::randn({5, 4}, at::kDouble), LabelsWithVoid({5}, 4));
  });
}

TEST(LossTest, VoidCellsDoNotCount) {
  WithEachLoss([](const Loss& loss) {
    const at::Tensor label = LabelsWithVoid({2, 5, 6}, 4), hidden = label.eq(255).unsqueeze(1);
    const at::Tensor logits = torch::randn({2, 4, 5, 6}).requires_grad_();
    const at::Tensor mean = MeanLoss(loss, logits, label);
    mean.backward();
    EXPECT_EQ((logits.grad() * hidden).abs().max().item<float>(), 0);
    const at::Tensor others = at::where(hidden, torch::randn_like(logits), logits.detach());
    EXPECT_NEAR(MeanLoss(loss, others, label).item<double>(), mean.item<double>(), 1e-6);
  });
}

TEST(LossTest, NothingCounts) {
  WithEachLoss([](const Loss& loss) {
    std::vector<std::vector<int64_t>> shapes = {{2, 4, 5, 6}};
    if (TakesCategories(loss)) shapes.push_back({2, 4});
    for (const std::vector<int64_t>& shape : shapes) {
      const at::Tensor logits = torch::randn(shape).requires_grad_();
      const at::Tensor label = at::full_like(logits.detach().select(1, 0), 255).to(at::kByte);
      EXPECT_EQ(loss.Divisor(label).max().item<double>(), 0);
      const at::Tensor mean = MeanLoss(loss, logits, label);
      EXPECT_EQ(mean.item<double>(), 0);
      mean.backward();
      ASSERT_TRUE(logits.grad().defined());
      EXPECT_EQ(logits.grad().abs().max().item<float>(), 0);
    }
  });
}

TEST(LossTest, ExtremeLogitsStayFinite) {
  WithEachLoss([](const Loss& loss) {
    const at::Tensor label = LabelsWithVoid({2, 5, 6}, 4);
    const at::Tensor right =
        2e4 * at::one_hot(label.to(at::kLong).clamp_max(3), 4).permute({0, 3, 1, 2}).to(at::kFloat);
    for (const at::Tensor& values : {right, -right, at::zeros_like(right)}) {
      const at::Tensor logits = values.clone().requires_grad_();
      const at::Tensor mean = MeanLoss(loss, logits, label);
      EXPECT_TRUE(at::isfinite(mean).item<bool>());
      mean.backward();
      EXPECT_TRUE(at::isfinite(logits.grad()).all().item<bool>());
    }
  });
}

TEST(LossTest, NarrowTypesAreWidened) {
  WithEachLoss([](const Loss& loss) {
    const at::Tensor label = LabelsWithVoid({2, 8, 9}, 4);
    const at::Tensor logits = torch::randn({2, 4, 8, 9}).to(at::kBFloat16);
    const at::Tensor narrow = MeanLoss(loss, logits, label);
    EXPECT_EQ(narrow.scalar_type(), at::kFloat);
    const at::Tensor wide = MeanLoss(loss, logits.to(at::kDouble), label);
    EXPECT_EQ(wide.scalar_type(), at::kDouble);
    EXPECT_NEAR(narrow.item<double>(), wide.item<double>(), 1e-5 * (1 + wide.item<double>()));
  });
}

TEST(LossTest, EnlargedScoresAreThoseOfTheirValues) {
  WithEachLoss([](const Loss& loss) {
    const at::Tensor map = torch::randn({2, 4, 3, 4}), label = LabelsWithVoid({2, 9, 11}, 4);
    const Interpolation to = Interpolation::Resize(map, 9, 11);
    const at::Tensor values = Enlarged(map, to).Values();
    EXPECT_TRUE(at::allclose(loss.Sum(Enlarged(map, to), label), loss.Sum(values, label), 1e-5));
  });
}

TEST(LossTest, LossesOfMapsRefuseCategories) {
  for (const char* name : {"dice", "lovasz", "ohem", "border_cross_entropy"}) {
    const auto loss = MakeLoss(name, 4, "loss");
    const at::Tensor label = torch::zeros({3}, at::kLong);
    for (const std::string& error : {ErrorOf([&] { loss->Divisor(label); }), ErrorOf([&] {
                                       loss->Sum(torch::zeros({3, 4}), label);
                                     })}) {
      EXPECT_THAT(error, HasSubstr(name));
      EXPECT_THAT(error, HasSubstr("take \"cross_entropy\" or \"focal\""));
    }
  }
}

TEST(LossTest, EqualScoresCostTheLogarithmOfTheClasses) {
  WithEachLoss([](const Loss& loss) {
    if (!loss.GuessIsLogOfClasses()) return;
    EXPECT_NEAR(
        MeanLoss(loss, torch::zeros({2, 4, 5, 6}), LabelsWithVoid({2, 5, 6}, 4)).item<double>(),
        std::log(4.0), 1e-5);
  });
}

TEST(LossTest, UnknownNamesAreErrors) {
  EXPECT_THAT(ErrorOf([] { MakeLoss("cross_entropi", 2, "train.loss"); }),
              HasSubstr("train.loss.name: unknown loss \"cross_entropi\""));
}

}  // namespace
}  // namespace seglab
