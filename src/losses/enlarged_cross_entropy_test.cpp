#include "losses/enlarged_cross_entropy.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <limits>

#include "losses/cross_entropy.h"

namespace seglab {
namespace {

struct Found {
  at::Tensor loss, gradient;
};

/// @param wide  whether the enlarged scores are computed and given to LibTorch's own loss
Found LossOf(const at::Tensor& map, const Interpolation& to, const at::Tensor& label,
             const std::vector<double>& weights, bool wide) {
  const at::Tensor variable = map.detach().clone().requires_grad_();
  CrossEntropyOptions options;
  options.class_weights = weights;
  const CrossEntropy loss(options);
  const Enlarged enlarged(variable, to);
  const at::Tensor sum =
      wide ? loss.Sum(enlarged.Values().to(at::kDouble), label) : loss.Sum(enlarged, label);
  sum.backward();
  return {sum.detach().to(at::kDouble), variable.grad()};
}

at::Tensor RandomLabels(int64_t images, int64_t height, int64_t width, int64_t classes) {
  const at::Tensor label = torch::randint(classes, {images, height, width});
  return label.masked_fill(torch::rand(label.sizes()) < 0.2, 255).to(at::kByte);
}

TEST(EnlargedCrossEntropyTest, IsThatOfTheEnlargedScores) {
  torch::manual_seed(1);
  const int64_t sizes[][4] = {{4, 5, 32, 40}, {3, 7, 25, 61}, {1, 1, 9, 17},  {6, 6, 6, 6},
                              {9, 11, 4, 5},  {2, 9, 3, 150}, {47, 13, 75, 3}};
  for (const auto& [h, w, height, width] : sizes) {
    for (const int64_t classes : {1, 2, 21, 150}) {
      const at::Tensor map = torch::randn({2, classes, h, w}) * 4;
      const at::Tensor label = RandomLabels(2, height, width, classes);
      std::vector<double> weights;
      for (int64_t c = 0; c < classes; ++c) weights.push_back(0.5 + static_cast<double>(c % 3));
      for (const std::vector<double>& given : {std::vector<double>{}, weights}) {
        const Interpolation to = Interpolation::Resize(map, height, width);
        const Found ours = LossOf(map, to, label, given, false);
        const Found plain = LossOf(map, to, label, given, true);
        EXPECT_LT((ours.loss - plain.loss).abs().item<double>(),
                  1e-6 * static_cast<double>(label.numel()));
        EXPECT_LT((ours.gradient - plain.gradient).abs().max().item<double>(),
                  1e-5 * (1 + plain.gradient.abs().max().item<double>()))
            << classes << " classes, " << h << " x " << w << " to " << height << " x " << width;
      }
    }
  }
}

TEST(EnlargedCrossEntropyTest, NothingCounts) {
  const at::Tensor map = torch::randn({1, 3, 2, 2}), label = torch::full({1, 8, 8}, 255, at::kByte);
  const Found found = LossOf(map, Interpolation::Resize(map, 8, 8), label, {}, false);
  EXPECT_EQ(found.loss.item<double>(), 0);
  EXPECT_EQ(found.gradient.abs().max().item<double>(), 0);
}

// However many threads there are.
TEST(EnlargedCrossEntropyTest, BitsDoNotDependOnThreads) {
  torch::manual_seed(2);
  const at::Tensor map = torch::randn({3, 5, 9, 7}), label = RandomLabels(3, 70, 50, 5);
  const Interpolation to = Interpolation::Resize(map, 70, 50);
  const int threads = at::get_num_threads();
  const Found many = LossOf(map, to, label, {}, false);
  at::set_num_threads(1);
  const Found one = LossOf(map, to, label, {}, false);
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(one.loss, many.loss));
  EXPECT_TRUE(at::equal(one.gradient, many.gradient));
}

TEST(EnlargedCrossEntropyTest, BrokenNumbersStayVisible) {
  at::Tensor map = torch::zeros({1, 3, 2, 2});
  const at::Tensor label = torch::zeros({1, 8, 8}, at::kByte);
  for (const float broken :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    map[0][1][1][0] = broken;
    const Found found = LossOf(map, Interpolation::Resize(map, 8, 8), label, {}, false);
    EXPECT_FALSE(at::isfinite(found.loss).item<bool>()) << broken;
  }
}

TEST(EnlargedCrossEntropyTest, LabelsBeyondTheClassesAreRefused) {
  const at::Tensor map = torch::zeros({1, 3, 2, 2}), label = torch::full({1, 8, 8}, 3, at::kByte);
  EXPECT_THROW(LossOf(map, Interpolation::Resize(map, 8, 8), label, {}, false), c10::Error);
  EXPECT_THROW(LossOf(map, Interpolation::Resize(map, 9, 8), label, {}, false), c10::Error);
}

}  // namespace
}  // namespace seglab
