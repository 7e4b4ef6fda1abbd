#include "models/deeplab_v3_mobilenet.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <string>

#include "models/backbones/layers.h"
#include "models/registry.h"
#include "tensor/state.h"

// The comparison with published weights is in backbones/golden_test.cpp.
namespace seglab {
namespace {

std::shared_ptr<SegModel> Make(int output_stride) {
  const auto model = MakeModel(
      Json{{"name", "deeplabv3_mobilenet_v2"}, {"width", 0.25}, {"output_stride", output_stride}},
      3);
  model->eval();
  return model;
}

TEST(DeepLabV3MobileNetTest, FeaturesHaveTheOutputStride) {
  torch::NoGradGuard no_grad;
  const at::Tensor image = torch::randn({1, 3, 65, 97});
  for (int stride : {32, 16, 8}) {
    const auto model = Make(stride);
    EXPECT_EQ(model->Features(image).sizes().slice(2).vec(),
              (std::vector<int64_t>{64 / stride + 1, 96 / stride + 1}));
    EXPECT_EQ(model->forward(image).logits.sizes(), (std::vector<int64_t>{1, 3, 65, 97}));
  }
}

// With corners on corners, pixels 0, 16, 32 ... of 16 k + 1 have their cells' own values.
TEST(DeepLabV3MobileNetTest, CellsKeepTheirValuesInTheLogits) {
  torch::NoGradGuard no_grad;
  const auto model = Make(16);
  InitHe(*model);  // fan in, with which the image's values live on without batch statistics
  const at::Tensor image = torch::randn({1, 3, 65, 97});
  const at::Tensor logits = model->forward(image).logits;
  const at::Tensor middle = (logits.select(3, 16) + logits.select(3, 32)) / 2;
  EXPECT_LE((logits.select(3, 24) - middle).abs().max().item<double>(), 1e-5);
  EXPECT_GT((logits.select(3, 16) - logits.select(3, 32)).abs().max().item<double>(), 1e-6);
}

TEST(DeepLabV3MobileNetTest, StartsFromTheClassifier) {
  const auto classifier = MakeModel(
      Json{{"name", "classifier"}, {"backbone", {{"name", "mobilenet_v2"}, {"width", 0.25}}}}, 7);
  const auto model = Make(16);
  const SegModel::Start start = model->StartFrom(ModuleState(*classifier));
  LoadState(*model, start.tensors, {"classifier", start.new_layers, start.dropped_layers});
  EXPECT_TRUE(at::equal(model->named_parameters()["features.17.conv.2.weight"],
                        classifier->named_parameters()["features.17.conv.2.weight"]));
}

}  // namespace
}  // namespace seglab
