#include "models/backbones/wide_border.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "models/backbones/layers.h"
#include "models/fcn.h"
#include "nn/batch_norm.h"
#include "nn/fast_conv.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

/// A narrow VGG-16 up to pool5, its first padding as FCN's; its convolutions have a bias, without
/// which an image of zeros has no border to speak of.
TensorSequential Layers(bool norms) {
  TensorSequential layers;
  int64_t in = 3;
  for (const int depth : {2, 2, 3, 3, 3}) {
    for (int i = 0; i < depth; ++i) {
      const int64_t padding = layers->is_empty() ? 100 : 1;
      FastConv2d conv(nn::Conv2dOptions(in, 4, 3).padding(padding));
      nn::init::normal_(conv->bias, 0, 0.3);
      layers->push_back(conv);
      if (norms) layers->push_back(BatchNorm2d(4));
      layers->push_back(nn::ReLU());
      in = 4;
    }
    PoolOptions pool;
    pool.ceil_mode = true;
    layers->push_back(Pool(pool));
  }
  InitHe(*layers);
  for (const auto& item : layers->named_parameters())
    if (item.key().find("bias") != std::string::npos) nn::init::normal_(item.value(), 0, 0.3);
  layers->eval();
  return layers;
}

double Difference(const at::Tensor& a, const at::Tensor& b) {
  EXPECT_EQ(a.sizes().vec(), b.sizes().vec());
  return (a - b).abs().max().item<double>();
}

// All remainders of sizes by 32, and with them all ways in which the pools round.
TEST(WideBorderTest, IsTheChainOfLayers) {
  torch::manual_seed(1);
  const torch::NoGradGuard no_grad;
  for (const bool norms : {false, true}) {
    TensorSequential layers = Layers(norms);
    WideBorder border(layers, 100);
    for (int64_t side = 128; side < 160; ++side) {
      const at::Tensor image = torch::randn({1, 3, side, 319 - side});
      const FusedScope scope(true);
      const std::vector<WideBorder::Map> maps = border.Run(image);
      ASSERT_GE(maps.size(), 3U) << side;
      for (const WideBorder::Map& map : maps) {
        const at::Tensor plain = layers->Run(image, 0, map.end);
        EXPECT_LT(Difference(map.values, plain), 1e-5 * (1 + plain.abs().max().item<double>()))
            << side << " rows, " << map.end << " layers";
      }
    }
  }
}

TEST(WideBorderTest, FourStagesOfTheImagesOfVoc) {
  const torch::NoGradGuard no_grad;
  WideBorder border(Layers(false), 100);
  const FusedScope scope(true);
  EXPECT_EQ(border.Run(torch::zeros({1, 3, 375, 500})).size(), 4U);
  EXPECT_EQ(border.Run(torch::zeros({2, 3, 500, 333})).size(), 4U);
}

TEST(WideBorderTest, SeesThatWeightsHaveChanged) {
  torch::manual_seed(2);
  const torch::NoGradGuard no_grad;
  TensorSequential layers = Layers(false);
  WideBorder border(layers, 100);
  const at::Tensor image = torch::randn({2, 3, 140, 150});
  const FusedScope scope(true);
  border.Run(image);
  layers->parameters()[1].add_(1);
  const std::vector<WideBorder::Map> maps = border.Run(image);
  ASSERT_FALSE(maps.empty());
  EXPECT_LT(Difference(maps.back().values, layers->Run(image, 0, maps.back().end)), 1e-4);
}

TEST(WideBorderTest, OnlyWhereItIsWorthIt) {
  const torch::NoGradGuard no_grad;
  TensorSequential layers = Layers(true);
  WideBorder border(layers, 100);
  const FusedScope scope(true);
  EXPECT_TRUE(border.Run(torch::zeros({1, 3, 64, 500})).empty());
  layers->train();
  EXPECT_TRUE(border.Run(torch::zeros({1, 3, 200, 200})).empty()) << "norms of the batch";
  WideBorder narrow(Layers(false), 3);
  EXPECT_TRUE(narrow.Run(torch::zeros({1, 3, 200, 200})).size() < 2) << "the border is all edge";
}

TEST(WideBorderTest, TheNetworkIsThePlainOne) {
  torch::manual_seed(3);
  const torch::NoGradGuard no_grad;
  FcnOptions options;
  options.kind = FcnKind::k8s;
  options.geometry = FcnGeometry::kPublished;
  options.backbone = {{"name", "vgg11_bn"}, {"width", 0.125}, {"fc_width", 32}};
  const std::shared_ptr<SegModel> model = MakeFcn(options, 5);
  for (const auto& item : model->named_parameters()) item.value().normal_(0, 0.1);
  model->eval();
  const at::Tensor image = torch::randn({1, 3, 131, 170});
  const at::Tensor plain = model->forward(image).logits;
  const FusedScope scope(true);
  EXPECT_LT(Difference(model->forward(image).logits, plain),
            1e-5 * (1 + plain.abs().max().item<double>()));
}

}  // namespace
}  // namespace seglab
