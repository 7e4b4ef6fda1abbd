#include "losses/dice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/test_error.h"
#include "losses/test_losses.h"

namespace seglab {
namespace {

using testing::HasSubstr;

/// Image by image, class by class, cell by cell.
double DiceByHand(const at::Tensor& logits, const at::Tensor& label, const DiceOptions& options) {
  const at::Tensor p = logits.softmax(1).flatten(2), truth = label.flatten(1);
  double sum = 0;
  int images = 0;
  for (int64_t n = 0; n < p.size(0); ++n) {
    double losses = 0;
    int classes = 0;
    for (int64_t c = 0; c < p.size(1); ++c) {
      double both = 0, guess = 0, real = 0;
      bool counts = false;
      for (int64_t i = 0; i < p.size(2); ++i) {
        const auto own = truth[n][i].item<int64_t>();
        if (own == 255) continue;
        counts = true;
        guess += p[n][c][i].item<double>();
        if (own != c) continue;
        both += p[n][c][i].item<double>();
        real += 1;
      }
      if (!counts || (options.classes == "present" && real == 0)) continue;
      losses += 1 - (2 * both + options.smooth) / (guess + real + options.smooth);
      ++classes;
    }
    if (classes == 0) continue;
    sum += losses / classes;
    ++images;
  }
  return sum / images;
}

TEST(DiceTest, IsTheDefinition) {
  torch::manual_seed(1);
  const at::Tensor logits = 2 * torch::randn({4, 5, 3, 4}, at::kDouble);
  const at::Tensor label = LabelsWithVoid({4, 3, 4}, 3);  // two classes never occur
  label[2].fill_(255);
  label[3].fill_(1);
  for (const char* classes : {"present", "all"}) {
    for (const double smooth : {0.0, 1.0, 30.0}) {
      DiceOptions options;
      options.classes = classes;
      options.smooth = smooth;
      EXPECT_NEAR(MeanLoss(Dice(options), logits, label).item<double>(),
                  DiceByHand(logits, label, options), 1e-12);
    }
  }
}

TEST(DiceTest, RightAnswersCostNothing) {
  torch::manual_seed(2);
  const at::Tensor label = torch::randint(0, 3, {2, 8, 9}, at::kByte);
  const at::Tensor logits =
      200 * at::one_hot(label.to(at::kLong), 3).permute({0, 3, 1, 2}).to(at::kFloat);
  for (const char* classes : {"present", "all"}) {
    DiceOptions options;
    options.classes = classes;
    EXPECT_NEAR(MeanLoss(Dice(options), logits, label).item<double>(), 0, 1e-6);
  }
}

TEST(DiceTest, OptionsOutOfRange) {
  EXPECT_THAT(ErrorOf([] { LossOfText(R"({"name": "dice", "smooth": -1})"); }),
              HasSubstr("loss.smooth"));
  EXPECT_THAT(ErrorOf([] { LossOfText(R"({"name": "dice", "classes": "presnt"})"); }),
              HasSubstr("did you mean \"present\""));
  DiceOptions options;
  options.classes = "some";
  EXPECT_THAT(ErrorOf([&] { Dice made(options); }), HasSubstr("found \"some\""));
}

}  // namespace
}  // namespace seglab
