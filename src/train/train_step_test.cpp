#include "train/train_step.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <memory>
#include <vector>

#include "base/test_error.h"
#include "models/test_models.h"
#include "parallel/test_group.h"

namespace seglab {
namespace {

using testing::HasSubstr;

/// Scores at every pixel and, in a second map of half the weight, at every second one.
class TwoMaps : public SegModel {
 public:
  explicit TwoMaps(bool second) : second_(second) {
    fine_ = register_module("fine", torch::nn::Conv2d(3, 4, 1));
    coarse_ =
        register_module("coarse", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 4, 1).stride(2)));
  }
  SegOutput forward(const at::Tensor& image) override {
    SegOutput out{fine_(image)};
    if (second_) out.train_on = {{out.logits, {}, 1}, {coarse_(image), {2, 0}, 0.5}};
    return out;
  }
  at::Tensor Features(const at::Tensor& image) override { return fine_(image); }

 private:
  bool second_;
  torch::nn::Conv2d fine_{nullptr}, coarse_{nullptr};
};

std::shared_ptr<SegModel> SeededMaps(bool second) {
  torch::manual_seed(3);
  return std::make_shared<TwoMaps>(second);
}

/// Random images, of which image i has (i + 1) / n of its rows labelled.
Batch RandomBatch(int64_t images, int64_t height, int64_t width) {
  torch::manual_seed(4);
  Batch batch;
  batch.image = torch::randint(256, {images, height, width, 3}, at::kByte);
  batch.label = torch::randint(4, {images, height, width}, at::kByte);
  for (int64_t i = 0; i < images; ++i)
    batch.label[i].slice(0, (i + 1) * height / images).fill_(255);
  return batch;
}

std::vector<Batch> Apart(const Batch& batch) {
  std::vector<Batch> passes;
  for (int64_t i = 0; i < batch.image.size(0); ++i) {
    Batch pass;
    pass.image = batch.image.slice(0, i, i + 1);
    pass.label = batch.label.slice(0, i, i + 1);
    passes.push_back(pass);
  }
  return passes;
}

std::vector<at::Tensor> GradientsOf(SegModel& model) {
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& parameter : model.parameters())
    gradients.push_back(parameter.grad().defined() ? parameter.grad().clone()
                                                   : at::zeros_like(parameter));
  return gradients;
}

TrainOptions Accumulating(int passes) {
  TrainOptions options;
  options.accumulate = passes;
  return options;
}

/// Losses that are means, of cells and of images.
constexpr const char* kMeans[] = {
    R"({})",
    R"({"class_weights": [1, 0.5, 3, 0], "label_smoothing": 0.1})",
    R"({"name": "focal"})",
    R"({"name": "dice"})",
    R"({"name": "lovasz"})",
    R"({"name": "ohem"})",
    R"({"name": "border_cross_entropy"})",
    R"({"name": "sum", "losses": ["cross_entropy", {"name": "dice", "weight": 0.5}, "ohem"]})"};

TEST(ComputeGradients, PassesAreTheMeanOverTheCellsOfTheWholeBatch) {
  const Batch batch = RandomBatch(3, 6, 8);
  for (const char* loss : kMeans) {
    for (bool second : {false, true}) {
      SCOPED_TRACE(StrCat(loss, " ", second));
      const auto made = MakeLoss(ParseJson(loss, "loss"), 4, "loss");
      const auto whole = SeededMaps(second), parts = SeededMaps(second);
      const StepLoss one = ComputeGradients(*whole, {batch}, *made, Accumulating(1));
      const StepLoss three = ComputeGradients(*parts, Apart(batch), *made, Accumulating(3));
      const auto expected = GradientsOf(*whole), found = GradientsOf(*parts);
      for (size_t i = 0; i < expected.size(); ++i)
        EXPECT_TRUE(at::allclose(found[i], expected[i], 1e-4, 1e-6)) << i;
      EXPECT_EQ(one.counted.item<double>(), three.counted.item<double>());
      EXPECT_NEAR(one.sum.item<double>(), three.sum.item<double>(), 1e-5 * one.sum.item<double>());
    }
  }
}

// Each process has one pass of the batch; a gradient is the mean of theirs.
TEST(ComputeGradients, ProcessesAreTheMeanOverTheCellsOfTheWholeBatch) {
  const Batch batch = RandomBatch(3, 6, 8);
  for (const char* loss : kMeans) {
    SCOPED_TRACE(loss);
    const auto made = MakeLoss(ParseJson(loss, "loss"), 4, "loss");
    const auto whole = SeededMaps(true);
    const StepLoss one = ComputeGradients(*whole, {batch}, *made, Accumulating(1));
    std::vector<std::shared_ptr<SegModel>> models;
    for (int i = 0; i < 3; ++i) models.push_back(SeededMaps(true));
    std::vector<double> sums(3), counted(3);
    Together(3, [&](const Group& group) {
      const int rank = group.rank();
      const StepLoss own =
          ComputeGradients(*models[rank], {Apart(batch)[rank]}, *made, Accumulating(1), &group);
      sums[rank] = own.sum.item<double>();
      counted[rank] = own.counted.item<double>();
    });
    const auto expected = GradientsOf(*whole);
    std::vector<std::vector<at::Tensor>> parts;
    for (const auto& model : models) parts.push_back(GradientsOf(*model));
    for (size_t i = 0; i < expected.size(); ++i) {
      const at::Tensor mean = (parts[0][i] + parts[1][i] + parts[2][i]) / 3;
      EXPECT_TRUE(at::allclose(mean, expected[i], 1e-4, 1e-6)) << i;
    }
    EXPECT_EQ(counted[0], one.counted.item<double>());
    EXPECT_NEAR(sums[0] + sums[1] + sums[2], one.sum.item<double>(), 1e-5 * one.sum.item<double>());
  }
}

TEST(ComputeGradients, MapsAreComparedAtTheirCellsAndWeighted) {
  const Batch batch = RandomBatch(2, 7, 9);
  const auto loss = MakeLoss("cross_entropy", 4, "loss");
  const auto both = SeededMaps(true), one = SeededMaps(false), by_hand = SeededMaps(true);
  ComputeGradients(*both, {batch}, *loss, Accumulating(1));
  const at::Tensor input = Preprocess(batch.image, by_hand->preprocessing);
  const SegOutput out = by_hand->forward(input);
  const at::Tensor cells = batch.label.slice(1, 0, 7, 2).slice(2, 0, 9, 2);
  const at::Tensor expected =
      at::cross_entropy_loss(out.logits, batch.label.to(at::kLong), {}, at::Reduction::Mean, 255) +
      0.5 * at::cross_entropy_loss(out.train_on[1].logits, cells.to(at::kLong), {},
                                   at::Reduction::Mean, 255);
  expected.backward();
  const auto wanted = GradientsOf(*by_hand), found = GradientsOf(*both);
  for (size_t i = 0; i < wanted.size(); ++i)
    EXPECT_TRUE(at::allclose(found[i], wanted[i], 1e-5, 1e-7)) << i;
}

TEST(ComputeGradients, OnlyVoidTeachesNothing) {
  Batch batch = RandomBatch(2, 5, 5);
  batch.label.fill_(255);
  const auto model = SeededMaps(true);
  for (const char* text : kMeans) {
    SCOPED_TRACE(text);
    const auto loss = MakeLoss(ParseJson(text, "loss"), 4, "loss");
    const StepLoss step = ComputeGradients(*model, Apart(batch), *loss, Accumulating(2));
    EXPECT_EQ(step.counted.item<double>(), 0);
    EXPECT_EQ(step.sum.item<double>(), 0);
    for (const at::Tensor& gradient : GradientsOf(*model))
      EXPECT_EQ(gradient.abs().max().item<float>(), 0);
  }
}

TEST(ComputeGradients, ASumIsTheMeanOfItsPasses) {
  const Batch batch = RandomBatch(3, 6, 8);
  const auto loss = MakeLoss(ParseJson(R"({"reduction": "sum"})", "loss"), 4, "loss");
  const auto whole = SeededMaps(false), parts = SeededMaps(false);
  const StepLoss one = ComputeGradients(*whole, {batch}, *loss, Accumulating(1));
  const StepLoss three = ComputeGradients(*parts, Apart(batch), *loss, Accumulating(3));
  const auto expected = GradientsOf(*whole), found = GradientsOf(*parts);
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_TRUE(at::allclose(3 * found[i], expected[i], 1e-4, 1e-4)) << i;
  EXPECT_NEAR(one.sum.item<double>(), three.sum.item<double>(), 1e-4 * one.sum.item<double>());
}

TEST(ComputeGradients, PassesOfDifferentSizes) {
  const std::vector<Batch> passes = {RandomBatch(1, 6, 8), RandomBatch(1, 9, 5)};
  const auto loss = MakeLoss("cross_entropy", 4, "loss");
  const auto fine = SeededMaps(false);
  EXPECT_GT(ComputeGradients(*fine, passes, *loss, Accumulating(2)).counted.item<double>(), 0);
  EXPECT_THAT(ErrorOf([&] { ComputeGradients(*SeededMaps(true), passes, *loss, Accumulating(2)); }),
              HasSubstr("images of 8x6 and of 5x9"));
}

}  // namespace
}  // namespace seglab
