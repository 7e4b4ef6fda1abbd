#include "inference/predictor.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <memory>
#include <vector>

#include "inference/test_color_model.h"
#include "models/test_models.h"
#include "tensor/device.h"

namespace seglab {
namespace {

TEST(Predictor, GivesFloat32WithoutGradientInBothPrecisions) {
  const std::shared_ptr<SegModel> model = SeededModel(TinySpec(), 4);
  {
    torch::NoGradGuard no_grad;
    // Fresh score layers give zeros.
    for (at::Tensor& parameter : model->parameters()) parameter.normal_(0, 0.1);
  }
  model->train();
  const at::Tensor image =
      torch::randint(256, {1, 37, 51, 3}, at::TensorOptions().dtype(at::kByte));
  const at::Tensor exact = Predictor(model).Scores(image);
  EXPECT_FALSE(model->is_training());
  EXPECT_EQ(exact.sizes().vec(), (std::vector<int64_t>{1, 4, 37, 51}));
  EXPECT_EQ(exact.scalar_type(), at::kFloat);
  EXPECT_FALSE(exact.requires_grad());

  PredictOptions options;
  options.precision = Precision::kBfloat16;
  const at::Tensor rough = Predictor(model, options).Scores(image);
  EXPECT_EQ(rough.scalar_type(), at::kFloat);
  const double scale = exact.abs().max().item<double>();
  EXPECT_GT(scale, 0);
  EXPECT_LT((rough - exact).abs().max().item<double>(), 0.1 * scale);
  EXPECT_TRUE(SameBits(Predictor(model).Scores(image), exact));
}

TEST(Predictor, LabelsAreTheLargestScores) {
  const std::shared_ptr<SegModel> model = SeededModel(TinySpec(), 4);
  {
    torch::NoGradGuard no_grad;
    for (at::Tensor& parameter : model->parameters()) parameter.normal_(0, 0.1);
  }
  const at::Tensor image = torch::randint(256, {2, 9, 12, 3}, at::TensorOptions().dtype(at::kByte));
  Predictor predictor(model);
  EXPECT_TRUE(at::equal(predictor.Labels(image), predictor.Scores(image).argmax(1).to(at::kByte)));
}

TEST(Predictor, SeveralScalesAndFlipsAverageProbabilities) {
  const auto model = std::make_shared<ColorModel>();
  const at::Tensor image = RandomImage(1, 20, 30);
  PredictOptions options;
  options.scales = {0.5, 1};
  options.flip = true;
  const at::Tensor scores = Predictor(model, options).Scores(image);
  EXPECT_EQ(model->passes, 4);
  const at::Tensor whole = Predictor(model).Scores(image);
  const at::Tensor half =
      at::upsample_bilinear2d(at::upsample_bilinear2d(whole, {10, 15}, false), {20, 30}, false);
  const at::Tensor want = ((whole.softmax(1) + half.softmax(1)) / 2).log();
  EXPECT_TRUE(at::allclose(scores, want, 1e-4, 1e-4));
}

TEST(Predictor, WindowsOfAScoreOfEachPixelAreTheImage) {
  const auto model = std::make_shared<ColorModel>();
  const at::Tensor image = RandomImage(1, 50, 70);
  PredictOptions options;
  options.window.size = 32;
  EXPECT_TRUE(
      at::allclose(Predictor(model, options).Scores(image), Predictor(model).Scores(image)));
  EXPECT_EQ(model->passes, 2 * 3 + 1);

  options.window.size = 70;
  model->passes = 0;
  EXPECT_TRUE(at::equal(Predictor(model, options).Scores(image), Predictor(model).Scores(image)));
  EXPECT_EQ(model->passes, 2);
}

TEST(Predictor, AClassifierAveragesToo) {
  const auto model = SeededModel(Json{{"name", "classifier"}, {"backbone", "squeezenet1_1"}}, 3);
  PredictOptions options;
  options.scales = {1, 2};
  options.flip = true;
  EXPECT_EQ(Predictor(model, options).Scores(RandomImage(1, 40, 40)).sizes(),
            (std::vector<int64_t>{1, 3}));
}

TEST(DeviceOf, IsTheCpuForANetworkWithoutParameters) {
  const torch::nn::ReLU module;
  EXPECT_TRUE(DeviceOf(*module).is_cpu());
}

TEST(Predictor, WinogradChangesScoresByRounding) {
  Json spec = TinySpec("fcn8s", "vgg16");
  spec["backbone"]["width"] = 0.25;
  const std::shared_ptr<SegModel> model = SeededModel(spec, 5);
  for (const auto& parameter : model->named_parameters()) {  // fresh scores are zero
    const torch::NoGradGuard no_grad;
    if (parameter.key().rfind("score", 0) == 0) parameter.value().uniform_(-1, 1);
  }
  const at::Tensor image = at::randint(256, {1, 61, 70, 3}, at::kByte);
  const at::Tensor plain = Predictor(model).Scores(image);
  PredictOptions options;
  options.winograd = true;
  const at::Tensor fast = Predictor(model, options).Scores(image);
  const double difference = (fast - plain).abs().max().item<double>();
  EXPECT_GT(difference, 0) << "it was not taken";
  EXPECT_LT(difference, 1e-4 * std::max(plain.abs().max().item<double>(), 1.0));
}

}  // namespace
}  // namespace seglab
