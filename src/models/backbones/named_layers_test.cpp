#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/test_error.h"
#include "models/backbones/backbone.h"
#include "models/registry.h"
#include "nn/batch_norm.h"
#include "nn/layer_tap.h"
#include "nn/sequential.h"

// Any named layer of a network can be asked for: what it gives is what running its layers by hand
// gives.
namespace seglab {
namespace {

namespace nn = torch::nn;
using testing::HasSubstr;

std::shared_ptr<SegModel> Classifier(const std::string& backbone) {
  torch::manual_seed(1);
  const auto model = MakeClassifier(ParseJson(backbone, "spec"), 4, "backbone");
  model->eval();
  return model;
}

std::shared_ptr<Trunk> SmallTrunk(const std::string& backbone) {
  torch::manual_seed(1);
  const auto trunk = MakeTrunk(ParseJson(backbone, "spec"), {}, "backbone");
  trunk->eval();
  return trunk;
}

/// A network's layers by name, run by hand, each on a copy of its input.
class ByHand {
 public:
  explicit ByHand(const nn::Module& network) : modules_(network.named_modules("", false)) {}

  at::Tensor operator()(const std::string& name, const at::Tensor& x) const {
    const std::shared_ptr<nn::Module> module = modules_[name];
    if (auto* conv = module->as<nn::Conv2dImpl>()) return conv->forward(x);
    if (auto* norm = module->as<BatchNorm2dImpl>()) return norm->forward(x);
    if (auto* linear = module->as<nn::LinearImpl>()) return linear->forward(x);
    return module->as<TensorSequentialImpl>()->forward(x.clone());
  }

  /// Of a chain.
  std::vector<at::Tensor> Steps(const std::string& name, const at::Tensor& x) const {
    std::vector<at::Tensor> steps = {x};
    for (nn::AnyModule& layer : *modules_[name]->as<TensorSequentialImpl>()) {
      steps.push_back(layer.forward<at::Tensor>(steps.back().clone()));
    }
    steps.erase(steps.begin());
    return steps;
  }

 private:
  torch::OrderedDict<std::string, std::shared_ptr<nn::Module>> modules_;
};

using Outputs = std::map<std::string, at::Tensor>;

/// What the taps say of these layers in one pass.
template <typename Network>
Outputs OutputsOf(Network& network, const at::Tensor& image,
                  const std::vector<std::string>& names) {
  const LayerTap tap(network, names);
  network.forward(image);
  Outputs found;
  for (const std::string& name : names) found[name] = tap.Output(name);
  return found;
}

void ExpectOutput(const Outputs& found, const std::string& layer, const at::Tensor& expected) {
  ASSERT_EQ(found.at(layer).sizes(), expected.sizes()) << layer;
  EXPECT_TRUE(at::equal(found.at(layer), expected)) << layer;
}

/// All layers of a chain and the chain itself.
void ExpectChain(const Outputs& found, const std::string& chain,
                 const std::vector<at::Tensor>& steps) {
  for (size_t i = 0; i < steps.size(); ++i) {
    ExpectOutput(found, chain + "." + std::to_string(i), steps[i]);
  }
  ExpectOutput(found, chain, steps.back());
}

std::vector<std::string> ChainNames(const std::string& chain, size_t layers) {
  std::vector<std::string> names = {chain};
  for (size_t i = 0; i < layers; ++i) names.push_back(chain + "." + std::to_string(i));
  return names;
}

constexpr char kVgg16[] = R"({"name": "vgg16", "width": 0.0625, "fc6_kernel": 3})";

TEST(NamedLayersTest, OfVgg16sClassifier) {
  const auto model = Classifier(kVgg16);
  torch::NoGradGuard no_grad;
  const at::Tensor image = torch::randn({1, 3, 96, 96});
  const ByHand layers(*model);
  const auto features = layers.Steps("features", image);
  ASSERT_EQ(features.size(), 31U);
  ASSERT_LT(features[28].min().item<float>(), 0) << "conv5_3 before its ReLU, which is in place";
  const auto classifier = layers.Steps("classifier", features.back().flatten(1));
  auto names = ChainNames("features", 31);
  for (const std::string& name : ChainNames("classifier", 7)) names.push_back(name);
  const Outputs found = OutputsOf(*model, image, names);
  ExpectChain(found, "features", features);
  ExpectChain(found, "classifier", classifier);
  EXPECT_TRUE(at::equal(model->forward(image).logits, classifier.back()));
}

TEST(NamedLayersTest, OfVgg16sTrunkAlsoInAnFcn) {
  const auto trunk = SmallTrunk(kVgg16);
  torch::NoGradGuard no_grad;
  const at::Tensor image = torch::randn({1, 3, 65, 97});
  const ByHand layers(*trunk);
  const auto features = layers.Steps("features", image);
  const at::Tensor fc6 = layers("fc6", features.back()), fc7 = layers("fc7", fc6.relu());
  auto names = ChainNames("features", 31);
  names.insert(names.end(), {"fc6", "fc7"});
  const Outputs found = OutputsOf(*trunk, image, names);
  const FeatureMaps maps = trunk->forward(image);
  ExpectChain(found, "features", features);
  ExpectOutput(found, "fc6", fc6);
  ExpectOutput(found, "fc7", fc7);
  EXPECT_TRUE(at::equal(maps.at(32).values, fc7.relu()));
  EXPECT_TRUE(at::equal(maps.at(16).values, features[23]));

  const auto fcn = MakeModel(Json{{"name", "fcn8s"}, {"backbone", ParseJson(kVgg16, "spec")}}, 4);
  const Outputs in_fcn =
      OutputsOf(*fcn, image, {"backbone.features.23", "score_pool4", "upscore2"});
  ExpectOutput(in_fcn, "score_pool4",
               ByHand(*fcn)("score_pool4", in_fcn.at("backbone.features.23")));
  EXPECT_EQ(in_fcn.at("upscore2").sizes(), in_fcn.at("score_pool4").sizes());
}

TEST(NamedLayersTest, OfResNet18) {
  const char spec[] = R"({"name": "resnet18", "width": 0.125})";
  const auto trunk = SmallTrunk(spec);
  torch::NoGradGuard no_grad;
  const at::Tensor image = torch::randn({1, 3, 65, 97});
  const ByHand layers(*trunk);
  const Outputs found =
      OutputsOf(*trunk, image,
                {"conv1", "bn1", "layer1", "layer2.0", "layer2.0.conv1", "layer2.0.bn1",
                 "layer2.0.conv2", "layer2.0.bn2", "layer2.0.downsample", "layer2.0.downsample.0",
                 "layer3.1", "layer3.1.conv1", "layer3.1.bn2", "layer4"});
  const FeatureMaps maps = trunk->forward(image);
  const at::Tensor conv1 = layers("conv1", image), bn1 = layers("bn1", conv1);
  ExpectOutput(found, "conv1", conv1);
  ASSERT_LT(bn1.min().item<float>(), 0);
  ExpectOutput(found, "bn1", bn1);
  const at::Tensor layer1 = layers("layer1", at::max_pool2d(bn1.relu(), 3, 2, 1));
  ExpectOutput(found, "layer1", layer1);
  const at::Tensor a = layers("layer2.0.conv1", layer1), b = layers("layer2.0.bn1", a),
                   c = layers("layer2.0.conv2", b.relu()), d = layers("layer2.0.bn2", c),
                   down = layers("layer2.0.downsample", layer1);
  ExpectOutput(found, "layer2.0.conv1", a);
  ExpectOutput(found, "layer2.0.bn1", b);
  ExpectOutput(found, "layer2.0.conv2", c);
  ExpectOutput(found, "layer2.0.bn2", d);
  ExpectOutput(found, "layer2.0.downsample.0", layers("layer2.0.downsample.0", layer1));
  ExpectOutput(found, "layer2.0.downsample", down);
  ExpectOutput(found, "layer2.0", (d + down).relu());
  const auto layer3 = layers.Steps("layer3", maps.at(8).values);
  ExpectOutput(found, "layer3.1", layer3.back());
  ExpectOutput(found, "layer3.1.conv1", layers("layer3.1.conv1", layer3.front()));
  ExpectOutput(found, "layer4", maps.at(32).values);

  const auto model = Classifier(spec);
  const Outputs of_classifier = OutputsOf(*model, image, {"layer3.1", "fc"});
  ExpectOutput(of_classifier, "fc", model->forward(image).logits);
  EXPECT_EQ(of_classifier.at("layer3.1").sizes(), maps.at(16).values.sizes());
}

TEST(NamedLayersTest, OfMobileNetV2) {
  const auto model = Classifier(R"({"name": "mobilenet_v2", "width": 0.125})");
  torch::NoGradGuard no_grad;
  const at::Tensor image = torch::randn({1, 3, 65, 97});
  const ByHand layers(*model);
  const auto features = layers.Steps("features", image);
  auto names = ChainNames("features", features.size());
  const std::vector<std::string> inner = {"features.3.conv",     "features.3.conv.0",
                                          "features.3.conv.0.0", "features.3.conv.0.1",
                                          "features.3.conv.2",   "classifier.1"};
  names.insert(names.end(), inner.begin(), inner.end());
  const Outputs found = OutputsOf(*model, image, names);
  const at::Tensor logits = model->forward(image).logits;
  ExpectChain(found, "features", features);
  const at::Tensor& before = features[2];
  const auto conv = layers.Steps("features.3.conv", before);
  ExpectOutput(found, "features.3.conv", conv.back());
  ExpectOutput(found, "features.3.conv.0", conv[0]);
  ExpectOutput(found, "features.3.conv.2", conv[2]);
  const at::Tensor expanded = layers("features.3.conv.0.0", before),
                   normal = layers("features.3.conv.0.1", expanded);
  ASSERT_LT(normal.min().item<float>(), 0);
  ExpectOutput(found, "features.3.conv.0.0", expanded);
  ExpectOutput(found, "features.3.conv.0.1", normal);
  ExpectOutput(found, "classifier.1", logits);
}

TEST(NamedLayersTest, OfGoogLeNet) {
  for (const std::string options : {"", R"(, "caffe": true)"}) {
    const auto model =
        Classifier(R"({"name": "googlenet", "width": 0.125, "aux_loss": true)" + options + "}");
    torch::NoGradGuard no_grad;
    const at::Tensor image = torch::randn({1, 3, 65, 97});
    const ByHand layers(*model);
    const Outputs found =
        OutputsOf(*model, image,
                  {"conv1", "conv1.conv", "inception3b", "inception4a", "inception4a.branch1.conv",
                   "inception4a.branch2", "inception4a.branch2.0", "inception4a.branch2.0.conv",
                   "inception4a.branch4.0", "inception5b", "fc"});
    const at::Tensor logits = model->forward(image).logits;
    const at::Tensor stem = layers("conv1.conv", image);
    ASSERT_LT(stem.min().item<float>(), 0) << "the unit's ReLU is in place";
    ExpectOutput(found, "conv1.conv", stem);
    ExpectOutput(found, "conv1", options.empty() ? layers("conv1.bn", stem).relu() : stem.relu());
    const at::Tensor pooled =
        at::max_pool2d(found.at("inception3b"), 3, 2, 0, 1, /*ceil_mode=*/true);
    const auto branch2 = layers.Steps("inception4a.branch2", pooled);
    ExpectOutput(found, "inception4a.branch1.conv", layers("inception4a.branch1.conv", pooled));
    ExpectOutput(found, "inception4a.branch2.0", branch2[0]);
    ExpectOutput(found, "inception4a.branch2.0.conv", layers("inception4a.branch2.0.conv", pooled));
    ExpectOutput(found, "inception4a.branch2", branch2[1]);
    ExpectOutput(found, "inception4a.branch4.0", at::max_pool2d(pooled, 3, 1, 1));
    ExpectOutput(found, "inception5b", model->Features(image));
    ExpectOutput(found, "fc", logits);
    EXPECT_THAT(ErrorOf([&] { OutputsOf(*model, image, {"aux1.fc2"}); }),
                HasSubstr("aux1.fc2 gave nothing"));
  }
}

TEST(NamedLayersTest, AnUnknownLayerIsAnError) {
  const auto model = Classifier(kVgg16);
  EXPECT_THAT(ErrorOf([&] { LayerTap(*model, {"feature.29"}); }),
              HasSubstr("did you mean \"features.29\""));
}

// Whoever adds a block and runs its layers past the taps learns it here.
TEST(NamedLayersTest, EveryModuleOfEveryNetworkReports) {
  std::vector<Json> specs;
  for (const BackboneRow& row : BackboneRows()) {
    specs.push_back(
        {{"name", "classifier"}, {"backbone", {{"name", row.name}, {"width", 0.0625}}}});
    specs.push_back({{"name", "fcn8s"}, {"backbone", {{"name", row.name}, {"width", 0.0625}}}});
  }
  for (const std::string name : {"fcn_resnet50", "deeplabv3_resnet50", "deeplabv3_mobilenet_v2"}) {
    specs.push_back({{"name", name}, {"width", 0.0625}});
  }
  for (const std::string backbone : {"vgg11", "resnet18"}) {
    const Json narrow = {{"name", backbone}, {"width", 0.0625}};
    specs.push_back(
        {{"name", "deeplab_v1"}, {"backbone", narrow}, {"msc", true}, {"fc_width", 16}});
    specs.push_back({{"name", "deeplab_v2"}, {"backbone", narrow}});
    specs.push_back({{"name", "deeplab_v2"}, {"backbone", narrow}, {"head", "largefov"}});
  }
  for (const Json& spec : specs) {
    const auto model = MakeModel(spec, 4);
    model->eval();
    torch::NoGradGuard no_grad;
    // A module that is but a list, a trunk, or the pooling that stands for a mean gives no
    // tensor.
    std::vector<std::string> names;
    for (const auto& item : model->named_modules("", /*include_self=*/false)) {
      const bool has_weights = !item.value()->parameters(/*recurse=*/false).empty();
      if (has_weights || item.value()->as<TensorSequentialImpl>() != nullptr) {
        names.push_back(item.key());
      }
    }
    const LayerTap tap(*model, names);
    model->forward(torch::randn({1, 3, 65, 65}));
    for (const std::string& name : names) {
      EXPECT_EQ(ErrorOf([&] { tap.Output(name); }), "") << spec.dump();
    }
  }
}

}  // namespace
}  // namespace seglab
