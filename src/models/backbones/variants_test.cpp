#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "models/backbones/backbone.h"
#include "models/registry.h"
#include "tensor/state.h"

// Caffe's variants, layer by layer with LibTorch's functions, and FCN-AlexNet's published geometry.
namespace seglab {
namespace {

using testing::HasSubstr;

/// LibTorch's functions on a network's weights.
class Layers {
 public:
  explicit Layers(const torch::nn::Module& module) {
    for (const auto& [name, tensor] : ModuleState(module)) weights_[name] = tensor.detach();
  }

  const at::Tensor& Weight(const std::string& name) const { return weights_.at(name); }

  at::Tensor Conv(const std::string& name, const at::Tensor& x, int64_t stride, int64_t padding,
                  int64_t groups = 1) const {
    const auto bias = weights_.find(name + ".bias");
    return at::conv2d(x, Weight(name + ".weight"),
                      bias == weights_.end() ? at::Tensor() : bias->second, stride, padding, 1,
                      groups);
  }

  at::Tensor Norm(const std::string& name, const at::Tensor& x) const {
    return at::batch_norm(x, Weight(name + ".weight"), Weight(name + ".bias"),
                          Weight(name + ".running_mean"), Weight(name + ".running_var"),
                          /*training=*/false, 0.1, 1e-5, false);
  }

 private:
  std::map<std::string, at::Tensor> weights_;
};

at::Tensor CaffePool(const at::Tensor& x) {
  return at::max_pool2d(x, 3, 2, 0, 1, /*ceil_mode=*/true);
}

/// Caffe's LRN across channels, by its formula.
at::Tensor Lrn(const at::Tensor& x) {
  at::Tensor sum = torch::zeros_like(x);
  const int64_t channels = x.size(1);
  for (int64_t c = 0; c < channels; ++c) {
    const int64_t first = std::max<int64_t>(0, c - 2), end = std::min(channels, c + 3);
    sum.select(1, c).copy_(x.slice(1, first, end).square().sum(1));
  }
  return x * (1 + sum * (1e-4 / 5)).pow(-0.75);
}

/// Gives biases, statistics and scores random values: fresh ones are 0 and 1 and would hide
/// mistakes.
void Randomize(torch::nn::Module& module) {
  torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : ModuleState(module)) {
    at::Tensor value = tensor;
    if (HasPrefix(name, "score_fr")) value.normal_(0, 0.5);
    if (value.dim() == 1) value.add_(torch::rand_like(value), 0.5);
  }
}

void ExpectNear(const at::Tensor& found, const at::Tensor& expected) {
  ASSERT_EQ(found.sizes(), expected.sizes());
  const double largest = expected.abs().max().item<double>();
  EXPECT_GT(largest, 1e-3) << "nothing to compare";
  EXPECT_LE((found - expected).abs().max().item<double>(), 1e-4 * largest);
}

/// CaffeNet up to pool5, on weights below `prefix`.
at::Tensor CaffeNetFeatures(const Layers& net, const std::string& prefix, const at::Tensor& image,
                            int64_t first_padding) {
  at::Tensor x = net.Conv(prefix + "features.0", image, 4, first_padding).relu();
  x = Lrn(CaffePool(x));
  x = Lrn(CaffePool(net.Conv(prefix + "features.3", x, 1, 2, 2).relu()));
  x = net.Conv(prefix + "features.6", x, 1, 1).relu();
  x = net.Conv(prefix + "features.8", x, 1, 1, 2).relu();
  return CaffePool(net.Conv(prefix + "features.10", x, 1, 1, 2).relu());
}

const char kCaffeNet[] = R"({"name": "alexnet", "caffe": true, "width": 0.125})";

TEST(VariantsTest, CaffeNetIsTheReferenceNetwork) {
  torch::manual_seed(1);
  const auto model = MakeClassifier(ParseJson(kCaffeNet, "spec"), 5, "backbone");
  Randomize(*model);
  model->eval();
  torch::NoGradGuard no_grad;
  // Large values, so that LRN does something.
  const at::Tensor image = 50 * torch::randn({2, 3, 227, 227});
  const Layers net(*model);
  const at::Tensor pool5 = CaffeNetFeatures(net, "", image, 0);
  ASSERT_EQ(pool5.sizes().slice(2).vec(), (std::vector<int64_t>{6, 6}));
  ExpectNear(model->Features(image), pool5);
  at::Tensor x = pool5.flatten(1);
  for (const std::string name : {"classifier.1", "classifier.4", "classifier.6"}) {
    x = at::linear(x, net.Weight(name + ".weight"), net.Weight(name + ".bias"));
    if (name != "classifier.6") x = x.relu();
  }
  ExpectNear(model->forward(image).logits, x);
}

// voc-fcn-alexnet: pad 100, 63x63 deconvolution with stride 32, crop 18.
TEST(VariantsTest, PublishedFcnAlexNetIsTheReferenceNetwork) {
  torch::manual_seed(2);
  const Json spec = {
      {"name", "fcn32s"}, {"geometry", "published"}, {"backbone", ParseJson(kCaffeNet, "spec")}};
  const auto model = MakeModel(spec, 4);
  Randomize(*model);
  model->eval();
  torch::NoGradGuard no_grad;
  const Layers net(*model);
  at::Tensor profile = torch::empty({63});
  for (int64_t i = 0; i < 63; ++i) profile[i] = 1 - std::abs(i - 31) / 32.0;
  const at::Tensor kernel = at::outer(profile, profile).expand({4, 1, 63, 63}).contiguous();
  for (const auto& [height, width] : {std::pair(65, 97), std::pair(1, 1), std::pair(120, 64)}) {
    const at::Tensor image = 50 * torch::randn({1, 3, height, width});
    at::Tensor x = CaffeNetFeatures(net, "backbone.", image, 100);
    x = net.Conv("backbone.fc6", x, 1, 0).relu();
    x = net.Conv("backbone.fc7", x, 1, 0).relu();
    x = net.Conv("score_fr", x, 1, 0);
    x = at::conv_transpose2d(x, kernel, {}, 32, 0, 0, /*groups=*/4);
    ExpectNear(model->forward(image).logits, x.slice(2, 18, 18 + height).slice(3, 18, 18 + width));
  }
}

TEST(VariantsTest, PublishedGridsGiveThePublishedCrops) {
  TrunkOptions options;
  options.published_fcn = true;
  const auto alexnet = MakeTrunk(ParseJson(kCaffeNet, "spec"), options, "backbone");
  EXPECT_EQ(alexnet->Grid(32), (MapGrid{32, 31 - 18}));
  const auto vgg =
      MakeTrunk(ParseJson(R"({"name": "vgg16", "width": 0.0625})", "spec"), options, "backbone");
  EXPECT_EQ(vgg->Grid(32), (MapGrid{32, 31.5 - 19}));
  // pool4 is cropped by 5 and begins 1.5 cells before fc7's first one, pool3 by 9.
  EXPECT_EQ(vgg->Grid(16), (MapGrid{16, 12.5 - (5 + 1.5) * 16}));
  EXPECT_EQ(vgg->Grid(8), (MapGrid{8, 12.5 - 1.5 * 16 - (9 + 1.5) * 8}));
}

TEST(VariantsTest, OnlyVggAndAlexNetHaveAPublishedGeometry) {
  for (const BackboneRow& row : BackboneRows()) {
    const bool has = row.name == "alexnet" || HasPrefix(row.name.substr(0, 3), "vgg");
    const Json spec = {{"name", "fcn8s"},
                       {"geometry", "published"},
                       {"backbone", {{"name", row.name}, {"width", 0.0625}}}};
    if (has) {
      const auto model = MakeModel(spec, 3);
      model->eval();
      torch::NoGradGuard no_grad;
      for (int64_t side : {1, 50}) {
        EXPECT_EQ(model->forward(torch::randn({1, 3, side, side})).logits.size(3), side)
            << row.name;
      }
      continue;
    }
    try {
      MakeModel(spec, 3);
      FAIL() << row.name << " was accepted";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("published geometry"));
    }
  }
}

TEST(VariantsTest, CaffeResNetStridesOnTheFirst1x1) {
  torch::manual_seed(3);
  const auto trunk = MakeTrunk(
      ParseJson(R"({"name": "resnet50", "caffe": true, "width": 0.125})", "spec"), {}, "backbone");
  Randomize(*trunk);
  trunk->eval();
  torch::NoGradGuard no_grad;
  const Layers net(*trunk);
  const at::Tensor image = torch::randn({1, 3, 65, 97});
  const FeatureMaps maps = trunk->forward(image);
  at::Tensor x = net.Norm("bn1", net.Conv("conv1", image, 2, 3)).relu();
  ExpectNear(maps.at(2).values, x);
  x = at::max_pool2d(x, 3, 2, 1);
  const int depths[] = {3, 4, 6, 3};
  for (int stage = 0; stage < 4; ++stage) {
    for (int i = 0; i < depths[stage]; ++i) {
      const std::string block = "layer" + std::to_string(stage + 1) + "." + std::to_string(i) + ".";
      const int64_t stride = i == 0 && stage > 0 ? 2 : 1;
      at::Tensor y = net.Norm(block + "bn1", net.Conv(block + "conv1", x, stride, 0)).relu();
      y = net.Norm(block + "bn2", net.Conv(block + "conv2", y, 1, 1)).relu();
      y = net.Norm(block + "bn3", net.Conv(block + "conv3", y, 1, 0));
      if (i == 0) {
        x = net.Norm(block + "downsample.1", net.Conv(block + "downsample.0", x, stride, 0));
      }
      x = (x + y).relu();
    }
    ExpectNear(maps.at(4 << stage).values, x);
  }
}

// Caffe's pool of the stem is unpadded and rounds up: 224 pixels give 112 and 56 cells, 226 give
// 113 and 56.
TEST(VariantsTest, CaffeResNetClassifierPoolsWithoutPadding) {
  torch::manual_seed(4);
  const auto caffe = MakeClassifier(
      ParseJson(R"({"name": "resnet18", "caffe": true, "width": 0.125})", "spec"), 3, "backbone");
  const auto plain =
      MakeClassifier(ParseJson(R"({"name": "resnet18", "width": 0.125})", "spec"), 3, "backbone");
  LoadState(*plain, ModuleState(*caffe), {"caffe", {}, {}});
  caffe->eval();
  plain->eval();
  torch::NoGradGuard no_grad;
  const at::Tensor image = torch::randn({1, 3, 129, 129});  // 65 cells, then 32 and 33
  EXPECT_EQ(caffe->Features(image).size(3), 4);
  EXPECT_EQ(plain->Features(image).size(3), 5);
  EXPECT_THROW(caffe->Features(torch::randn({1, 3, 2, 2})), Error);
}

TEST(VariantsTest, CaffeGoogLeNetHasBvlcsStem) {
  torch::manual_seed(5);
  const auto model = MakeClassifier(
      ParseJson(R"({"name": "googlenet", "caffe": true, "width": 0.25})", "spec"), 3, "backbone");
  Randomize(*model);
  model->eval();
  torch::NoGradGuard no_grad;
  const Layers net(*model);
  const at::Tensor image = 50 * torch::randn({1, 3, 70, 97});
  auto unit = [&](const std::string& name, const at::Tensor& x, int64_t padding) {
    return net.Conv(name + ".conv", x, 1, padding).relu();
  };
  auto inception = [&](const std::string& name, const at::Tensor& x) {
    const at::Tensor pooled = at::max_pool2d(x, 3, 1, 1);
    return at::cat({unit(name + ".branch1", x, 0),
                    unit(name + ".branch2.1", unit(name + ".branch2.0", x, 0), 1),
                    unit(name + ".branch3.1", unit(name + ".branch3.0", x, 0), 2),
                    unit(name + ".branch4.1", pooled, 0)},
                   1);
  };
  at::Tensor x = Lrn(CaffePool(net.Conv("conv1.conv", image, 2, 3).relu()));
  x = CaffePool(Lrn(unit("conv3", unit("conv2", x, 0), 1)));
  for (const std::string name : {"3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"}) {
    if (name == "4a" || name == "5a") x = CaffePool(x);
    x = inception("inception" + name, x);
  }
  ExpectNear(model->Features(image), x);
  EXPECT_EQ(net.Weight("inception3a.branch3.1.conv.weight").size(2), 5);
}

TEST(VariantsTest, TransformInputGoesFromImageNetToUnit) {
  torch::manual_seed(6);
  const Json plain_spec = {{"name", "googlenet"}, {"width", 0.25}};
  Json spec = plain_spec;
  spec["transform_input"] = true;
  const auto model = MakeClassifier(spec, 3, "backbone"),
             plain = MakeClassifier(plain_spec, 3, "backbone");
  LoadState(*plain, ModuleState(*model), {"same", {}, {}});
  model->eval();
  plain->eval();
  torch::NoGradGuard no_grad;
  const at::Tensor pixels = torch::rand({1, 3, 64, 64});
  const at::Tensor mean = torch::tensor({0.485, 0.456, 0.406}).view({1, 3, 1, 1}),
                   deviation = torch::tensor({0.229, 0.224, 0.225}).view({1, 3, 1, 1});
  ExpectNear(model->forward(((pixels - mean) / deviation).to(torch::kFloat)).logits,
             plain->forward(pixels * 2 - 1).logits);
  spec["caffe"] = true;
  EXPECT_THROW(MakeClassifier(spec, 3, "backbone"), Error);
}

TEST(VariantsTest, GoogLeNetsAuxiliaryHeadsWorkInTrainingOnly) {
  const Json spec = {
      {"name", "googlenet"}, {"width", 0.25}, {"aux_loss", true}, {"aux_weight", 0.3}};
  const auto model = MakeClassifier(spec, 3, "backbone");
  const at::Tensor image = torch::randn({2, 3, 64, 64});
  model->eval();
  EXPECT_TRUE(model->forward(image).train_on.empty());
  model->train();
  const SegOutput out = model->forward(image);
  ASSERT_EQ(out.train_on.size(), 2U);
  EXPECT_TRUE(out.train_on[0].logits.map().is_same(out.logits.map()));
  EXPECT_EQ(out.train_on[0].weight, 1);
  EXPECT_EQ(out.train_on[1].weight, 0.3);
  const at::Tensor& aux = out.train_on[1].logits;
  ASSERT_EQ(aux.sizes().vec(), (std::vector<int64_t>{2, 3}));
  (out.logits.Values().sum() + aux.select(1, 0).sum()).backward();
  for (const auto& item : model->named_parameters()) {
    EXPECT_TRUE(item.value().grad().defined()) << item.key();
  }
}

TEST(VariantsTest, MobileNetV1sActivationIsAnOption) {
  torch::manual_seed(7);
  const Json spec = {{"name", "mobilenet_v1"}, {"width", 0.25}};
  Json clipped_spec = spec;
  clipped_spec["relu6"] = true;
  const auto plain = MakeClassifier(spec, 3, "backbone"),
             clipped = MakeClassifier(clipped_spec, 3, "backbone");
  torch::NoGradGuard no_grad;
  plain->named_parameters()["features.13.4.bias"].fill_(10);  // of the last normalisation
  LoadState(*clipped, ModuleState(*plain), {"same", {}, {}});
  plain->eval();
  clipped->eval();
  const at::Tensor image = torch::randn({1, 3, 64, 64});
  EXPECT_GT(plain->Features(image).max().item<double>(), 6);
  EXPECT_EQ(clipped->Features(image).max().item<double>(), 6);
}

// At output stride 16 and below the trunk adds nothing to the network.
TEST(VariantsTest, SqueezeNetEndsAtStride16) {
  TrunkOptions options;
  options.output_stride = 16;
  const Json spec = {{"name", "squeezenet1_1"}, {"width", 0.25}};
  const auto trunk = MakeTrunk(spec, options, "backbone");
  torch::NoGradGuard no_grad;
  const FeatureMaps maps = trunk->forward(torch::randn({1, 3, 65, 97}));
  EXPECT_TRUE(maps.at(16).values.is_same(maps.at(32).values));
  const FeatureMaps deep = MakeTrunk(spec, {}, "backbone")->forward(torch::randn({1, 3, 65, 97}));
  EXPECT_EQ(deep.at(32).values.sizes().slice(2).vec(), (std::vector<int64_t>{3, 4}));
}

TEST(VariantsTest, ClassifiersSayWhichSizesTheyNeed) {
  struct Row {
    Json spec;
    int64_t smallest;
  };
  const std::vector<Row> rows = {{{{"name", "alexnet"}, {"width", 0.125}}, 63},
                                 {{{"name", "alexnet"}, {"caffe", true}, {"width", 0.125}}, 39},
                                 {{{"name", "googlenet"}, {"width", 0.125}}, 15},
                                 {{{"name", "googlenet"}, {"caffe", true}, {"width", 0.125}}, 31},
                                 {{{"name", "squeezenet1_0"}, {"width", 0.125}}, 21},
                                 {{{"name", "squeezenet1_1"}, {"width", 0.125}}, 17}};
  torch::NoGradGuard no_grad;
  for (const Row& row : rows) {
    const auto model = MakeClassifier(row.spec, 3, "backbone");
    model->eval();
    EXPECT_NO_THROW(model->forward(torch::randn({1, 3, row.smallest, row.smallest}))) << row.spec;
    try {
      model->forward(torch::randn({1, 3, row.smallest, row.smallest - 1}));
      FAIL() << row.spec;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(StrCat("at least ", row.smallest)));
    }
  }
}

}  // namespace
}  // namespace seglab
