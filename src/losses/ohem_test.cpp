#include "losses/ohem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/test_error.h"
#include "losses/test_losses.h"

namespace seglab {
namespace {

TEST(OhemTest, IsTheMeanOfEachImagesHardestCells) {
  torch::manual_seed(1);
  const at::Tensor logits = torch::randn({3, 4, 5, 6}, at::kDouble);
  const at::Tensor label = LabelsWithVoid({3, 5, 6}, 4);
  label[1].fill_(255);
  const at::Tensor costs = at::cross_entropy_loss(logits, label.to(at::kLong), {},
                                                  at::Reduction::None, /*ignore_index=*/255);
  for (const double keep : {1e-6, 0.1, 0.25, 0.5, 1.0}) {
    double sum = 0, taken = 0;
    for (int64_t n = 0; n < 3; ++n) {
      std::vector<double> own;
      for (int64_t i = 0; i < 30; ++i) {
        if (label[n].flatten()[i].item<int64_t>() != 255)
          own.push_back(costs[n].flatten()[i].item<double>());
      }
      std::sort(own.rbegin(), own.rend());
      const double count = std::ceil(keep * static_cast<double>(own.size()) - 1e-9);
      for (int64_t i = 0; i < static_cast<int64_t>(count); ++i) sum += own[i];
      taken += count;
    }
    OhemOptions options;
    options.keep = keep;
    EXPECT_EQ(Ohem(options).Divisor(label).item<double>(), taken);
    EXPECT_NEAR(MeanLoss(Ohem(options), logits, label).item<double>(), sum / taken, 1e-12);
  }
}

TEST(OhemTest, SharesAreRoundedUp) {
  const auto taken = [](double keep, int64_t cells) {
    OhemOptions options;
    options.keep = keep;
    return Ohem(options).Divisor(torch::zeros({1, 1, cells}, at::kByte)).item<double>();
  };
  EXPECT_EQ(taken(0.25, 8), 2);
  EXPECT_EQ(taken(0.25, 9), 3);
  EXPECT_EQ(taken(0.07, 100), 7) << "whose product is a little above 7";
  EXPECT_EQ(taken(1e-6, 3), 1);
}

TEST(OhemTest, AllCellsAreCrossEntropy) {
  torch::manual_seed(2);
  const at::Tensor logits = torch::randn({2, 3, 5, 6}), label = LabelsWithVoid({2, 5, 6}, 3);
  EXPECT_NEAR(MeanLoss(*LossOfText(R"({"name": "ohem", "keep": 1})"), logits, label).item<double>(),
              MeanLoss(*LossOfText("{}"), logits, label).item<double>(), 1e-6);
}

TEST(OhemTest, OptionsOutOfRange) {
  for (const char* keep : {"0", "1.5", "-1"}) {
    EXPECT_THAT(
        ErrorOf([&] { LossOfText(std::string(R"({"name": "ohem", "keep": )") + keep + "}"); }),
        testing::HasSubstr("loss.keep"));
  }
  OhemOptions options;
  options.keep = 2;
  EXPECT_THAT(ErrorOf([&] { Ohem made(options); }), testing::HasSubstr("found 2"));
}

}  // namespace
}  // namespace seglab
