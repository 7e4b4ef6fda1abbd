#include "losses/lovasz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/test_error.h"
#include "losses/test_losses.h"

namespace seglab {
namespace {

/// 1 - IoU of a class where the cells of `wrong` are mistaken for another or taken for it.
double JaccardLoss(const std::vector<bool>& truth, const std::vector<bool>& wrong) {
  double common = 0, joint = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    const bool guess = truth[i] != wrong[i];
    common += truth[i] && guess ? 1 : 0;
    joint += truth[i] || guess ? 1 : 0;
  }
  return 1 - common / joint;
}

/// The extension of one class: cells become wrong one after the other, by falling error.
double ExtensionByHand(const std::vector<bool>& truth, const std::vector<double>& errors) {
  std::vector<size_t> order(errors.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return errors[a] > errors[b]; });
  std::vector<bool> wrong(errors.size(), false);
  double sum = 0, before = 0;
  for (const size_t i : order) {
    wrong[i] = true;
    const double now = JaccardLoss(truth, wrong);
    sum += errors[i] * (now - before);
    before = now;
  }
  return sum;
}

double LovaszByHand(const at::Tensor& logits, const at::Tensor& label) {
  const at::Tensor p = logits.softmax(1).flatten(2), cells = label.flatten(1);
  double sum = 0;
  int images = 0;
  for (int64_t n = 0; n < p.size(0); ++n) {
    double losses = 0;
    int classes = 0;
    for (int64_t c = 0; c < p.size(1); ++c) {
      std::vector<bool> truth;
      std::vector<double> errors;
      for (int64_t i = 0; i < p.size(2); ++i) {
        const auto own = cells[n][i].item<int64_t>();
        if (own == 255) continue;
        const double guess = p[n][c][i].item<double>();
        truth.push_back(own == c);
        errors.push_back(own == c ? 1 - guess : guess);
      }
      if (std::count(truth.begin(), truth.end(), true) == 0) continue;
      losses += ExtensionByHand(truth, errors);
      ++classes;
    }
    if (classes == 0) continue;
    sum += losses / classes;
    ++images;
  }
  return sum / images;
}

TEST(LovaszTest, IsTheDefinition) {
  torch::manual_seed(1);
  const at::Tensor logits = 2 * torch::randn({4, 5, 4, 5}, at::kDouble);
  const at::Tensor label = LabelsWithVoid({4, 4, 5}, 3);  // two classes never occur
  label[2].fill_(255);
  label[3].fill_(1);
  EXPECT_NEAR(MeanLoss(Lovasz(), logits, label).item<double>(), LovaszByHand(logits, label), 1e-12);
  EXPECT_NEAR(MeanLoss(Lovasz(), logits.to(at::kFloat), label).item<double>(),
              LovaszByHand(logits, label), 1e-6);
}

TEST(LovaszTest, OfHardAnswersItIsOneMinusIou) {
  torch::manual_seed(2);
  const at::Tensor label = LabelsWithVoid({1, 12, 13}, 3),
                   guess = torch::randint(0, 3, {1, 12, 13});
  const at::Tensor logits = 1000 * at::one_hot(guess, 3).permute({0, 3, 1, 2}).to(at::kDouble);
  double losses = 0;
  for (int64_t c = 0; c < 3; ++c) {
    const at::Tensor truth = label.eq(c), found = guess.eq(c).logical_and(label.ne(255));
    const double common = truth.logical_and(found).sum().item<double>();
    losses += 1 - common / truth.logical_or(found).sum().item<double>();
  }
  EXPECT_NEAR(MeanLoss(Lovasz(), logits, label).item<double>(), losses / 3, 1e-12);
}

TEST(LovaszTest, TakesNoOptions) {
  EXPECT_THAT(ErrorOf([] { LossOfText(R"({"name": "lovasz", "classes": "all"})"); }),
              testing::HasSubstr("loss.classes"));
}

}  // namespace
}  // namespace seglab
