#include "losses/border_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "base/test_error.h"
#include "losses/border_cross_entropy.h"
#include "losses/test_losses.h"

namespace seglab {
namespace {

using testing::HasSubstr;
using Place = std::pair<int64_t, int64_t>;

/// The cells of each object of a map (H, W), found by spreading from one to the next.
std::vector<std::vector<Place>> ObjectsByHand(const at::Tensor& label, int background) {
  const int64_t height = label.size(0), width = label.size(1);
  const auto cells = label.accessor<uint8_t, 2>();
  at::Tensor seen = at::zeros({height, width}, at::kBool);
  auto known = seen.accessor<bool, 2>();
  std::vector<std::vector<Place>> objects;
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      if (known[y][x] || cells[y][x] == background || cells[y][x] == 255) continue;
      std::vector<Place> object = {{y, x}};
      known[y][x] = true;
      for (size_t i = 0; i < object.size(); ++i) {
        const auto [row, column] = object[i];
        for (const auto& [dy, dx] : {Place{0, 1}, Place{1, 0}, Place{0, -1}, Place{-1, 0}}) {
          const int64_t r = row + dy, c = column + dx;
          if (r < 0 || c < 0 || r >= height || c >= width || known[r][c]) continue;
          if (cells[r][c] != cells[y][x]) continue;
          known[r][c] = true;
          object.emplace_back(r, c);
        }
      }
      objects.push_back(object);
    }
  }
  return objects;
}

/// Every cell against every cell of every object.
at::Tensor BorderTermByHand(const at::Tensor& label, const BorderWeightOptions& options) {
  const auto objects = ObjectsByHand(label, options.background);
  at::Tensor term = at::zeros(label.sizes(), at::kDouble);
  for (int64_t y = 0; y < label.size(0); ++y) {
    for (int64_t x = 0; x < label.size(1); ++x) {
      if (label[y][x].item<int64_t>() != options.background || objects.size() < 2) continue;
      std::vector<double> distances;
      for (const auto& object : objects) {
        double nearest = std::numeric_limits<double>::infinity();
        for (const auto& [row, column] : object) {
          nearest = std::min(
              nearest, std::hypot(static_cast<double>(row - y), static_cast<double>(column - x)));
        }
        distances.push_back(nearest);
      }
      std::sort(distances.begin(), distances.end());
      const double sum = distances[0] + distances[1];
      term[y][x] = options.w0 * std::exp(-sum * sum / (2 * options.sigma * options.sigma));
    }
  }
  return term;
}

at::Tensor BorderTerm(const at::Tensor& label, const BorderWeightOptions& options) {
  const at::Tensor weights = BorderWeights(label.unsqueeze(0), options)[0];
  return weights.to(at::kDouble) - label.ne(255).to(at::kDouble);
}

TEST(BorderWeightsTest, AreThoseOfEveryCellAgainstEveryOther) {
  torch::manual_seed(1);
  for (const double density : {0.01, 0.1, 0.5, 0.9}) {
    for (const double sigma : {0.3, 1.0, 2.0, 5.0}) {
      for (const auto& [height, width] : {Place{23, 31}, Place{1, 40}, Place{40, 1}, Place{7, 3}}) {
        SCOPED_TRACE(StrCat(density, " ", sigma, " ", height, " ", width));
        BorderWeightOptions options;
        options.sigma = sigma;
        options.background = 1;
        at::Tensor label = torch::randint(0, 3, {height, width});
        label = at::where(torch::rand({height, width}) < density, label, at::ones_like(label));
        label = label.masked_fill(torch::rand({height, width}) < 0.05, 255).to(at::kByte);
        const at::Tensor difference = BorderTerm(label, options) - BorderTermByHand(label, options);
        EXPECT_LT(difference.abs().max().item<double>(), 1.2e-6 * options.w0);
      }
    }
  }
}

TEST(BorderWeightsTest, OfTwoWalls) {
  // Objects in columns 0 and 6: d1 + d2 is 6 at each cell between them.
  at::Tensor label = torch::zeros({5, 7}, at::kByte);
  label.select(1, 0).fill_(1);
  label.select(1, 6).fill_(1);
  const at::Tensor term = BorderTerm(label, {});
  const double expected = 10 * std::exp(-36.0 / 50);
  EXPECT_LT((term.slice(1, 1, 6) - expected).abs().max().item<double>(), 1e-5);
  EXPECT_EQ(term.select(1, 0).abs().max().item<double>(), 0) << "none inside objects";
}

TEST(BorderWeightsTest, ObjectsTouchOverSidesOnly) {
  at::Tensor label = torch::zeros({6, 6}, at::kByte);
  label[1][1] = 1;
  label[2][2] = 1;  // over a corner: another object
  EXPECT_NEAR(BorderTerm(label, {})[1][2].item<double>(), 10 * std::exp(-4.0 / 50), 1e-5);
  label[1][2] = 1;  // joins them
  EXPECT_EQ(BorderTerm(label, {}).abs().max().item<double>(), 0);
  label[1][2] = 2;  // of another class
  EXPECT_GT(BorderTerm(label, {})[2][1].item<double>(), 0);
}

TEST(BorderWeightsTest, WithoutTwoObjectsTheyAreTheClasses) {
  BorderWeightOptions options;
  options.class_weights = {0.5, 2};
  at::Tensor label = torch::zeros({1, 4, 5}, at::kByte);
  label[0][1][1] = 1;
  label[0][3] = 255;
  const at::Tensor weights = BorderWeights(label.to(at::kLong), options);
  EXPECT_EQ(weights.scalar_type(), at::kFloat);
  EXPECT_EQ(weights[0][1][1].item<float>(), 2);
  EXPECT_EQ(weights[0][2].min().item<float>(), 0.5);
  EXPECT_EQ(weights[0][3].abs().max().item<float>(), 0);
}

TEST(BorderWeightsTest, BitsDoNotDependOnThreads) {
  torch::manual_seed(2);
  const at::Tensor label = torch::rand({2, 90, 70}).lt(0.05).to(at::kByte);
  const int threads = at::get_num_threads();
  const at::Tensor many = BorderWeights(label, {});
  at::set_num_threads(1);
  const at::Tensor one = BorderWeights(label, {});
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(one, many));
}

TEST(BorderCrossEntropyTest, IsWeightedAndDividedByCells) {
  torch::manual_seed(3);
  const at::Tensor logits = torch::randn({2, 3, 12, 9}, at::kDouble);
  const at::Tensor label = LabelsWithVoid({2, 12, 9}, 3);
  BorderWeightOptions options;
  options.sigma = 2;
  const at::Tensor costs = at::cross_entropy_loss(logits, label.to(at::kLong), {},
                                                  at::Reduction::None, /*ignore_index=*/255);
  const at::Tensor expected = (costs * BorderWeights(label, options)).sum() / label.ne(255).sum();
  EXPECT_NEAR(MeanLoss(BorderCrossEntropy(options), logits, label).item<double>(),
              expected.item<double>(), 1e-12);
  EXPECT_GT(expected.item<double>(), costs.sum().item<double>() / 216);
}

TEST(BorderCrossEntropyTest, OptionsOutOfRange) {
  const auto message = [](const std::string& rest, int classes = 0) {
    return ErrorOf(
        [&] { LossOfText(R"({"name": "border_cross_entropy", )" + rest + "}", classes); });
  };
  EXPECT_THAT(message(R"("sigma": 0)"), HasSubstr("loss.sigma"));
  EXPECT_THAT(message(R"("w0": -1)"), HasSubstr("loss.w0"));
  EXPECT_THAT(message(R"("background": 3)", 3), HasSubstr("loss.background"));
  EXPECT_EQ(message(R"("background": 3)"), "");
  EXPECT_THAT(message(R"("class_weights": [0])"), HasSubstr("all are 0"));
}

}  // namespace
}  // namespace seglab
