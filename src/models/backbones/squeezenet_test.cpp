#include "models/backbones/squeezenet.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <memory>

#include "models/backbones/layers.h"

namespace seglab {
namespace {

constexpr int64_t kSqueezeNetClasses = 4;

std::shared_ptr<SegModel> Fresh(int seed) {
  torch::manual_seed(seed);
  return MakeClassifier({{"name", "squeezenet1_1"}, {"width", 0.25}, {"dropout", 0}},
                        kSqueezeNetClasses, "backbone");
}

// The mean over the map behind a ReLU: a class whose scores are negative everywhere learns nothing.
TEST(SqueezeNetTest, EveryFreshClassIsAlive) {
  for (int seed = 1; seed <= 4; ++seed) {
    const std::shared_ptr<SegModel> model = Fresh(seed);
    const auto parameters = model->named_parameters();
    const at::Tensor image = torch::randn({8, 3, 64, 64});
    const at::Tensor features = model->Features(image).detach().requires_grad_();
    const at::Tensor scores =
        at::conv2d(features, parameters["classifier.1.weight"], parameters["classifier.1.bias"]);
    const at::Tensor alive = (scores > 0).to(at::kDouble).mean(at::IntArrayRef{0, 2, 3});
    EXPECT_GT(alive.min().item<double>(), 0.2) << "seed " << seed << ": " << alive;

    const at::Tensor target = torch::arange(8) % kSqueezeNetClasses;
    at::cross_entropy_loss(scores.relu().mean(at::IntArrayRef{2, 3}), target).backward();
    for (int64_t i = 0; i < 8; ++i) EXPECT_GT(features.grad()[i].abs().max().item<double>(), 0);
    for (int64_t c = 0; c < kSqueezeNetClasses; ++c) {
      EXPECT_GT(parameters["classifier.1.weight"].grad()[c].abs().max().item<double>(), 0)
          << "seed " << seed << ", class " << c;
    }
  }
}

TEST(SqueezeNetTest, FreshScoresAreDrawnAsTorchvisions) {
  const std::shared_ptr<SegModel> model = Fresh(1);
  const auto parameters = model->named_parameters();
  EXPECT_NEAR(parameters["classifier.1.weight"].std().item<double>(), 0.01, 0.002);  // 512 draws
  EXPECT_NEAR(parameters["features.3.expand3x3.weight"].std().item<double>(),
              std::sqrt(2.0 / (9 * 8)), 0.02);
  EXPECT_EQ(parameters["features.3.expand3x3.bias"].abs().max().item<double>(), 0);
}

// Four plain colours are four classes. Without bias the loss stays at ln(4).
TEST(SqueezeNetTest, FreshWeightsLearn) {
  const std::shared_ptr<SegModel> model = Fresh(4);
  const at::Tensor target = torch::arange(8) % kSqueezeNetClasses;
  const at::Tensor colors = torch::eye(4, at::kFloat).slice(1, 0, 3) * 2 - 0.5;
  const at::Tensor image =
      colors.index_select(0, target).reshape({8, 3, 1, 1}) + torch::randn({8, 3, 64, 64}) * 0.1;
  torch::optim::SGD optimizer(model->parameters(), torch::optim::SGDOptions(0.01).momentum(0.9));
  double loss = 0;
  for (int step = 0; step < 40; ++step) {
    optimizer.zero_grad();
    const at::Tensor now = at::cross_entropy_loss(model->forward(image).logits, target);
    now.backward();
    optimizer.step();
    loss = now.item<double>();
  }
  EXPECT_LT(loss, 0.6 * std::log(kSqueezeNetClasses));
}

}  // namespace
}  // namespace seglab
