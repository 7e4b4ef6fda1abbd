#include "losses/cross_entropy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/test_error.h"

namespace seglab {
namespace {

using testing::HasSubstr;

CrossEntropyOptions Options(const std::string& reduction, std::vector<double> weights = {}) {
  CrossEntropyOptions options;
  options.reduction = reduction;
  options.class_weights = std::move(weights);
  return options;
}

at::Tensor LossOf(const at::Tensor& logits, const at::Tensor& label,
                  const CrossEntropyOptions& options) {
  return MeanLoss(CrossEntropy(options), logits, label);
}

/// The definition, pixel by pixel: -log of the label's softmax, times the class weight.
double Naive(const at::Tensor& logits, const at::Tensor& label,
             const CrossEntropyOptions& options) {
  const int64_t images = logits.size(0), classes = logits.size(1);
  const at::Tensor scores =
      logits.detach().to(at::kDouble).reshape({images, classes, -1}).contiguous();
  const at::Tensor truth = label.to(at::kLong).reshape({images, -1}).contiguous();
  const auto z = scores.accessor<double, 3>();
  const auto t = truth.accessor<int64_t, 2>();
  double sum = 0, total = 0;
  for (int64_t n = 0; n < images; ++n) {
    for (int64_t p = 0; p < truth.size(1); ++p) {
      if (t[n][p] == 255) continue;
      double largest = z[n][0][p];
      for (int64_t c = 1; c < classes; ++c) largest = std::max(largest, z[n][c][p]);
      double norm = 0;
      for (int64_t c = 0; c < classes; ++c) norm += std::exp(z[n][c][p] - largest);
      const double weight = options.class_weights.empty() ? 1 : options.class_weights[t[n][p]];
      sum += weight * (largest + std::log(norm) - z[n][t[n][p]][p]);
      total += weight;
    }
  }
  if (options.reduction == "sum") return sum;
  return total > 0 ? sum / total : 0;
}

/// Labels below `classes`, about a quarter of them void.
at::Tensor Labels(const std::vector<int64_t>& shape, int64_t classes, at::ScalarType type) {
  const at::Tensor label = torch::randint(0, classes, shape);
  return label.masked_fill(torch::rand(shape) < 0.25, 255).to(type);
}

void ExpectNaive(const at::Tensor& logits, const at::Tensor& label,
                 const CrossEntropyOptions& options) {
  const double expected = Naive(logits, label, options);
  const at::Tensor loss = LossOf(logits, label, options);
  EXPECT_EQ(loss.dim(), 0);
  EXPECT_NEAR(loss.item<double>(), expected, 1e-5 * std::max(1.0, std::abs(expected)));
}

const std::vector<CrossEntropyOptions> kAllOptions = {Options("mean"), Options("sum"),
                                                      Options("mean", {0.5, 2, 0, 1, 7.25}),
                                                      Options("sum", {0.5, 2, 0, 1, 7.25})};

TEST(CrossEntropyTest, EqualsTheDefinition) {
  torch::manual_seed(1);
  for (const CrossEntropyOptions& options : kAllOptions) {
    for (at::ScalarType type : {at::kByte, at::kLong}) {
      const at::Tensor logits = 3 * torch::randn({2, 5, 9, 11});
      ExpectNaive(logits, Labels({2, 9, 11}, 5, type), options);
      ExpectNaive(logits.contiguous(at::MemoryFormat::ChannelsLast), Labels({2, 9, 11}, 5, type),
                  options);
      ExpectNaive(logits.to(at::kDouble), Labels({2, 9, 11}, 5, type), options);
    }
  }
}

TEST(CrossEntropyTest, Classification) {
  torch::manual_seed(2);
  for (const CrossEntropyOptions& options : kAllOptions) {
    for (at::ScalarType type : {at::kByte, at::kLong}) {
      ExpectNaive(torch::randn({13, 5}), Labels({13}, 5, type), options);
    }
  }
}

TEST(CrossEntropyTest, MeanIsSumOverCountedPixels) {
  torch::manual_seed(3);
  const at::Tensor logits = torch::randn({2, 4, 6, 7}), label = Labels({2, 6, 7}, 4, at::kByte);
  const int64_t counted = label.ne(255).sum().item<int64_t>();
  ASSERT_GT(counted, 0);
  ASSERT_LT(counted, label.numel());
  const double sum = LossOf(logits, label, Options("sum")).item<double>();
  const double mean = LossOf(logits, label, Options("mean")).item<double>();
  EXPECT_NEAR(mean, sum / counted, 1e-5);
}

TEST(CrossEntropyTest, UniformLogitsGiveLogOfTheClasses) {
  const at::Tensor label = torch::zeros({1, 8, 8}, at::kByte);
  EXPECT_NEAR(LossOf(torch::zeros({1, 21, 8, 8}), label, Options("mean")).item<double>(),
              std::log(21.0), 1e-6);
  EXPECT_NEAR(LossOf(torch::zeros({1, 21, 8, 8}), label, Options("sum")).item<double>(),
              64 * std::log(21.0), 1e-3);
}

TEST(CrossEntropyTest, VoidPixelsGetNoGradient) {
  torch::manual_seed(4);
  for (const CrossEntropyOptions& options : kAllOptions) {
    const at::Tensor logits = torch::randn({1, 5, 6, 6}).requires_grad_();
    at::Tensor label = torch::randint(3, 5, {1, 6, 6}, at::kByte);
    label.slice(1, 0, 3).fill_(255);
    LossOf(logits, label, options).backward();
    EXPECT_EQ(logits.grad().slice(2, 0, 3).abs().max().item<float>(), 0);
    EXPECT_GT(logits.grad().slice(2, 3, 6).abs().amax(1).min().item<float>(), 0);
  }
}

TEST(CrossEntropyTest, AllVoidGivesZeroAndZeroGradient) {
  torch::manual_seed(5);
  for (const CrossEntropyOptions& options : kAllOptions) {
    for (at::ScalarType type : {at::kByte, at::kLong}) {
      for (bool classification : {false, true}) {
        const std::vector<int64_t> shape =
            classification ? std::vector<int64_t>{3, 5} : std::vector<int64_t>{3, 5, 4, 4};
        const std::vector<int64_t> sides =
            classification ? std::vector<int64_t>{3} : std::vector<int64_t>{3, 4, 4};
        const at::Tensor logits = torch::randn(shape).requires_grad_();
        const at::Tensor loss = LossOf(logits, torch::full(sides, 255, type), options);
        EXPECT_EQ(loss.item<float>(), 0);
        loss.backward();
        ASSERT_TRUE(logits.grad().defined());
        EXPECT_TRUE(at::equal(logits.grad(), torch::zeros(shape)));
      }
    }
  }
}

TEST(CrossEntropyTest, OneVoidImageOfABatchDoesNotSpoilTheOther) {
  torch::manual_seed(6);
  const at::Tensor logits = torch::randn({2, 5, 4, 4});
  at::Tensor label = torch::randint(0, 5, {2, 4, 4}, at::kByte);
  label.select(0, 0).fill_(255);
  for (const CrossEntropyOptions& options : kAllOptions) {
    const double both = LossOf(logits, label, options).item<double>();
    const double second = LossOf(logits.slice(0, 1), label.slice(0, 1), options).item<double>();
    EXPECT_NEAR(both, second, 1e-6 * std::max(1.0, std::abs(second)));
  }
}

TEST(CrossEntropyTest, GradientEqualsCentralDifferences) {
  torch::manual_seed(7);
  constexpr double kStep = 1e-5;
  for (const CrossEntropyOptions& options : kAllOptions) {
    at::Tensor values = torch::randn({2, 5, 2, 3}, at::kDouble);
    const at::Tensor label = Labels({2, 2, 3}, 5, at::kByte);
    const at::Tensor logits = values.clone().requires_grad_();
    LossOf(logits, label, options).backward();
    const at::Tensor gradient = logits.grad().reshape({-1});
    at::Tensor flat = values.view({-1});
    for (int64_t i = 0; i < flat.numel(); ++i) {
      const double value = flat[i].item<double>();
      flat[i] = value + kStep;
      const double above = LossOf(values, label, options).item<double>();
      flat[i] = value - kStep;
      const double below = LossOf(values, label, options).item<double>();
      flat[i] = value;
      EXPECT_NEAR(gradient[i].item<double>(), (above - below) / (2 * kStep), 1e-7);
    }
  }
}

TEST(CrossEntropyTest, LargeLogitsStayFinite) {
  const at::Tensor logits = torch::tensor({1000.f, -1000.f, 0.f}).reshape({1, 3, 1, 1});
  EXPECT_EQ(LossOf(logits, torch::full({1, 1, 1}, 0, at::kByte), Options("mean")).item<float>(), 0);
  EXPECT_EQ(LossOf(logits, torch::full({1, 1, 1}, 1, at::kByte), Options("mean")).item<float>(),
            2000);
}

TEST(CrossEntropyTest, NarrowTypesAreWidened) {
  torch::manual_seed(8);
  const at::Tensor logits = torch::randn({1, 5, 20, 20}), label = Labels({1, 20, 20}, 5, at::kByte);
  for (at::ScalarType type : {at::kHalf, at::kBFloat16}) {
    const at::Tensor narrow = logits.to(type);
    const at::Tensor loss = LossOf(narrow, label, Options("sum"));
    EXPECT_EQ(loss.scalar_type(), at::kFloat);
    const double expected = Naive(narrow, label, Options("sum"));
    EXPECT_NEAR(loss.item<double>(), expected, 1e-5 * expected);
  }
  EXPECT_EQ(LossOf(logits.to(at::kDouble), label, Options("mean", {1, 2, 3, 4, 5})).scalar_type(),
            at::kDouble);
}

TEST(CrossEntropyTest, WeightsMustFitTheClasses) {
  EXPECT_THROW(LossOf(torch::zeros({1, 3, 2, 2}), torch::zeros({1, 2, 2}, at::kByte),
                      Options("mean", {1, 2})),
               Error);
}

TEST(CrossEntropyTest, LabelSmoothing) {
  torch::manual_seed(9);
  const at::Tensor logits = torch::randn({2, 5, 6, 7}, at::kDouble);
  const at::Tensor label = Labels({2, 6, 7}, 5, at::kByte);
  for (const std::vector<double>& weights :
       {std::vector<double>{}, std::vector<double>{0.5, 2, 0, 1, 7.25}}) {
    at::Tensor table = weights.empty() ? at::ones({5}, at::kDouble) : torch::tensor(weights);
    table = table.to(at::kDouble);
    // Each class of a counted cell costs its share, as if it were the truth, times its weight.
    const at::Tensor spread = -(logits.log_softmax(1) * table.view({1, 5, 1, 1})).sum(1) / 5;
    const at::Tensor counted = label.ne(255);
    CrossEntropyOptions options = Options("mean", weights);
    const double plain = LossOf(logits, label, options).item<double>();
    const at::Tensor norm = CrossEntropy(options).Divisor(label);
    const double even = ((spread * counted).sum() / norm).item<double>();
    for (const double smoothing : {0.1, 0.5, 1.0}) {
      options.label_smoothing = smoothing;
      const double found = LossOf(logits, label, options).item<double>();
      EXPECT_NEAR(found, (1 - smoothing) * plain + smoothing * even, 1e-12);
      const at::Tensor reference = at::cross_entropy_loss(logits, label.to(at::kLong), table,
                                                          at::Reduction::Mean, 255, smoothing);
      EXPECT_NEAR(found, reference.item<double>(), 1e-12);
    }
  }
  EXPECT_NEAR(LossOf(torch::zeros({13, 5}), Labels({13}, 5, at::kLong),
                     [] {
                       CrossEntropyOptions options;
                       options.label_smoothing = 0.1;
                       return options;
                     }())
                  .item<double>(),
              std::log(5.0), 1e-6);
}

std::string MessageOf(const std::string& text, int classes = 0) {
  const Json json = ParseJson(text, "test");
  return ErrorOf([&] { MakeLoss(json, classes, "train.loss"); });
}

TEST(CrossEntropyTest, OptionsFromJson) {
  const Json good = ParseJson(R"({"reduction": "sum", "class_weights": [1, 2.5]})", "test");
  JsonReader reader(good, "loss");
  const CrossEntropyOptions options = CrossEntropyOptions::FromJson(reader, 2);
  EXPECT_EQ(options.reduction, "sum");
  EXPECT_EQ(options.class_weights, (std::vector<double>{1, 2.5}));
  EXPECT_EQ(CrossEntropyOptions().reduction, "mean");
  EXPECT_THAT(MessageOf(R"({"reduction": "means"})"), HasSubstr("did you mean \"mean\""));
  EXPECT_THAT(MessageOf(R"({"label_smoothing": 1.5})"), HasSubstr("train.loss.label_smoothing"));
  EXPECT_THAT(MessageOf(R"({"class_weight": [1]})"), HasSubstr("did you mean \"class_weights\""));
  EXPECT_THAT(MessageOf(R"({"class_weights": ["a"]})"), HasSubstr("train.loss.class_weights[0]"));
}

TEST(CrossEntropyTest, WeightsThatTeachNothingAreErrors) {
  EXPECT_EQ(MessageOf(R"({"class_weights": [1, 0]})", 2), "");
  EXPECT_THAT(MessageOf(R"({"class_weights": [1, 2]})", 3),
              HasSubstr("train.loss.class_weights: 2 weights for 3 classes"));
  EXPECT_THAT(MessageOf(R"({"class_weights": [1, -2]})"), HasSubstr("-2 is no weight"));
  EXPECT_THAT(MessageOf(R"({"class_weights": [0, 0]})"), HasSubstr("all are 0"));
  CrossEntropyOptions misspelt;
  misspelt.reduction = "avg";
  EXPECT_THAT(ErrorOf([&] { CrossEntropy made(misspelt); }), HasSubstr("found \"avg\""));
}

}  // namespace
}  // namespace seglab
