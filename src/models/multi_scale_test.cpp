#include "models/multi_scale.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "models/registry.h"
#include "models/test_deeplab_reference.h"
#include "nn/batch_norm.h"
#include "tensor/state.h"

namespace seglab {
namespace {

/// Every eighth pixel's mean colour: a network whose cells bear what lies on them.
at::Tensor EveryEighthPixel(const at::Tensor& image) {
  return image.slice(2, 0, image.size(2), 8).slice(3, 0, image.size(3), 8);
}

TEST(MultiScaleTest, EveryScaleKeepsToItsPixels) {
  // A picture that is linear in its pixels stays so at every scale.
  const at::Tensor y = torch::arange(321, torch::kDouble), x = torch::arange(257, torch::kDouble);
  const at::Tensor image =
      (2 * y.unsqueeze(1) + 3 * x.unsqueeze(0)).expand({1, 3, 321, 257}).contiguous();
  std::vector<std::vector<int64_t>> sizes;
  const SegOutput out = ScoresAtScales(image, {{0.5, 0.75, 1}}, {8, 0}, /*training=*/true,
                                       [&](const at::Tensor& scaled) {
                                         sizes.push_back(scaled.sizes().slice(2).vec());
                                         return EveryEighthPixel(scaled);
                                       });
  EXPECT_EQ(sizes, (std::vector<std::vector<int64_t>>{{161, 129}, {241, 193}, {321, 257}}));
  ASSERT_EQ(out.train_on.size(), 4u);
  for (const ScoreMap& map : out.train_on) {
    EXPECT_EQ(map.weight, 1);
    for (int64_t i : {int64_t{0}, map.logits.size(2) - 1}) {
      for (int64_t j : {int64_t{0}, map.logits.size(3) - 1}) {
        const double expected = 2 * (map.grid.center + static_cast<double>(i) * map.grid.stride) +
                                3 * (map.grid.center + static_cast<double>(j) * map.grid.stride);
        EXPECT_NEAR(map.logits.Values()[0][0][i][j].item<double>(), expected, 1e-9);
      }
    }
  }
  EXPECT_EQ(out.train_on[0].grid, (MapGrid{16, 0}));
  EXPECT_NEAR(out.train_on[1].grid.stride, 32.0 / 3, 1e-12);
  EXPECT_EQ(out.train_on[3].grid, (MapGrid{8, 0}));
  EXPECT_LT((out.logits - image).abs().max().item<double>(), 1e-9);
}

TEST(MultiScaleTest, OneScaleIsTheNetworkItself) {
  const at::Tensor image = torch::randn({2, 3, 33, 41});
  for (const std::vector<double>& scales : {std::vector<double>{}, std::vector<double>{1}}) {
    int calls = 0;
    const auto score = [&](const at::Tensor& x) {
      ++calls;
      EXPECT_TRUE(x.is_same(image));
      return EveryEighthPixel(x);
    };
    const SegOutput out = ScoresAtScales(image, {scales}, {8, 0}, true, score);
    EXPECT_EQ(calls, 1);
    ASSERT_EQ(out.train_on.size(), 1u);
    EXPECT_TRUE(at::equal(out.train_on[0].logits, EveryEighthPixel(image)));
    EXPECT_TRUE(ScoresAtScales(image, {scales}, {8, 0}, false, score).train_on.empty());
  }
}

TEST(MultiScaleTest, TheLargestScoresAreTaken) {
  const at::Tensor image = torch::zeros({1, 3, 17, 17});
  int64_t call = 0;
  const auto score = [&](const at::Tensor& x) {
    at::Tensor map = torch::zeros({1, 2, (x.size(2) + 7) / 8, (x.size(3) + 7) / 8});
    map.select(1, call++ % 2).fill_(5);  // one class at scale 2, the other at scale 1
    return map;
  };
  const SegOutput out = ScoresAtScales(image, {{2, 1}}, {8, 0}, false, score);
  EXPECT_TRUE(at::equal(out.logits, torch::full({1, 2, 17, 17}, 5.f)));
}

TEST(MultiScaleTest, AnySizeWorks) {
  for (int64_t height : {1, 2, 3, 9, 30}) {
    for (int64_t width : {1, 8, 21}) {
      const at::Tensor image = torch::randn({1, 3, height, width});
      const SegOutput out =
          ScoresAtScales(image, {{0.5, 0.7, 1, 1.25}}, {8, 0}, true, EveryEighthPixel);
      EXPECT_EQ(out.logits.sizes(), image.sizes());
      EXPECT_EQ(out.train_on.size(), 5u);
    }
  }
}

/// Cross entropy with the labels at the cells of a map that lie `stride` pixels apart from pixel 0.
at::Tensor LossOf(const at::Tensor& logits, const at::Tensor& label, double stride) {
  std::vector<int64_t> places;
  for (int64_t i = 0; i < logits.size(2); ++i)
    places.push_back(
        std::min<int64_t>(std::llround(static_cast<double>(i) * stride), label.size(1) - 1));
  const at::Tensor index = torch::tensor(places);
  const at::Tensor cells = label.index_select(1, index).index_select(2, index);
  return torch::nn::functional::cross_entropy(
      logits, cells, torch::nn::functional::CrossEntropyFuncOptions().ignore_index(255));
}

using Gradients = std::map<std::string, at::Tensor>;

Gradients GradientsOf(SegModel& model, const at::Tensor& loss) {
  model.zero_grad();
  loss.backward();
  Gradients gradients;
  for (const auto& item : model.named_parameters()) gradients[item.key()] = item.value().grad();
  return gradients;
}

// The four losses of DeepLab v2 and their gradients are those of three passes of the plain network
// with the same weights, on images that are resized outside.
TEST(MultiScaleTest, LossesAndGradientsAreThoseOfSeparatePasses) {
  for (const std::string backbone : {"vgg11", "resnet18"}) {
    SCOPED_TRACE(backbone);
    Json spec = {{"name", "deeplab_v2"},
                 {"rates", {1, 2}},
                 {"backbone", {{"name", backbone}, {"width", 0.0625}}}};
    if (backbone == "vgg11") spec["dropout"] = 0;
    const auto plain = MakeModel(spec, 4);
    spec["scales"] = {0.5, 0.75, 1};
    const auto scaled = MakeModel(spec, 4);
    for (const auto& model : {plain, scaled}) {
      model->to(torch::kDouble);
      RandomizeDeepLab(*model);  // the same weights in both
      model->train();
      for (const auto& child : model->modules()) {
        if (child->as<BatchNorm2dImpl>() != nullptr) child->eval();
      }
    }
    torch::manual_seed(6);
    const at::Tensor image = torch::randn({2, 3, 65, 65}, torch::kDouble);
    const at::Tensor label = torch::randint(0, 4, {2, 65, 65}, torch::kLong);

    const SegOutput out = scaled->forward(image);
    ASSERT_EQ(out.train_on.size(), 4u);
    at::Tensor sum;
    for (const ScoreMap& map : out.train_on) {
      const at::Tensor loss = LossOf(map.logits, label, map.grid.stride);
      sum = sum.defined() ? sum + loss : loss;
    }
    const Gradients found = GradientsOf(*scaled, sum);

    namespace F = torch::nn::functional;
    const auto resized = [](const at::Tensor& x, int64_t side) {
      return at::upsample_bilinear2d(x, {side, side}, /*align_corners=*/true);
    };
    std::vector<at::Tensor> maps;
    for (int64_t side : {33, 49, 65})
      maps.push_back(plain->forward(side == 65 ? image : resized(image, side)).train_on[0].logits);
    ASSERT_EQ(maps[0].size(2), 5);
    ASSERT_EQ(maps[1].size(2), 7);
    const at::Tensor largest =
        at::maximum(at::maximum(resized(maps[0], 9), resized(maps[1], 9)), maps[2]);
    const at::Tensor expected = LossOf(maps[0], label, 16) + LossOf(maps[1], label, 32.0 / 3) +
                                LossOf(maps[2], label, 8) + LossOf(largest, label, 8);
    EXPECT_NEAR(sum.item<double>(), expected.item<double>(), 1e-10);
    EXPECT_LT((out.train_on[3].logits - largest).abs().max().item<double>(), 1e-10);
    for (const auto& [name, gradient] : GradientsOf(*plain, expected)) {
      ASSERT_TRUE(gradient.defined() && found.at(name).defined()) << name;
      const double scale = gradient.abs().max().item<double>();
      EXPECT_GT(scale, 0) << name;
      EXPECT_LT((gradient - found.at(name)).abs().max().item<double>(), 1e-9 * scale) << name;
    }
  }
}

TEST(MultiScaleTest, EvaluationHasTheLargestAlone) {
  const Json spec = {{"name", "deeplab_v2"},
                     {"scales", {0.5, 1}},
                     {"backbone", {{"name", "resnet18"}, {"width", 0.0625}}}};
  const auto model = MakeModel(spec, 4);
  model->eval();
  torch::NoGradGuard no_grad;
  const SegOutput out = model->forward(torch::randn({1, 3, 40, 27}));
  EXPECT_TRUE(out.train_on.empty());
  EXPECT_EQ(out.logits.sizes(), (std::vector<int64_t>{1, 4, 40, 27}));
}

}  // namespace
}  // namespace seglab
