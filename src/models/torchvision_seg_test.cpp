#include "models/torchvision_seg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <set>
#include <string>

#include "base/error.h"
#include "base/test_error.h"
#include "models/registry.h"
#include "nn/batch_norm.h"
#include "tensor/state.h"

// The comparison with torchvision itself is in tests/twins.
namespace seglab {
namespace {

using testing::HasSubstr;

std::shared_ptr<SegModel> Make(const std::string& name, bool aux_loss) {
  return MakeModel(Json{{"name", name}, {"width", 0.0625}, {"aux_loss", aux_loss}}, 4);
}

std::set<std::string> Names(const SegModel& model) {
  std::set<std::string> names;
  for (const auto& [name, tensor] : ModuleState(model)) names.insert(name);
  return names;
}

TEST(TorchvisionSegTest, NamesAreTorchvisions) {
  const std::set<std::string> deeplab = Names(*Make("deeplabv3_resnet50", true)),
                              fcn = Names(*Make("fcn_resnet50", false));
  for (const std::string name :
       {"backbone.conv1.weight", "backbone.layer4.2.bn3.running_var",
        "backbone.layer1.0.downsample.1.bias", "classifier.0.convs.0.0.weight",
        "classifier.0.convs.3.1.running_mean", "classifier.0.convs.4.1.weight",
        "classifier.0.convs.4.2.bias", "classifier.0.project.1.weight", "classifier.1.weight",
        "classifier.2.weight", "classifier.4.bias", "aux_classifier.0.weight",
        "aux_classifier.4.weight"}) {
    EXPECT_TRUE(deeplab.count(name)) << name;
  }
  for (const std::string name :
       {"classifier.0.weight", "classifier.1.running_var", "classifier.4.weight"}) {
    EXPECT_TRUE(fcn.count(name)) << name;
  }
  EXPECT_FALSE(fcn.count("aux_classifier.4.weight"));
  EXPECT_FALSE(fcn.count("backbone.fc.weight"));
}

TEST(TorchvisionSegTest, TheAuxiliaryHeadIsAnOption) {
  torch::NoGradGuard no_grad;
  for (const std::string name : {"fcn_resnet50", "deeplabv3_resnet50"}) {
    for (bool aux_loss : {false, true}) {
      const auto model = Make(name, aux_loss);
      model->eval();
      const at::Tensor image = torch::randn({1, 3, 33, 50});
      EXPECT_TRUE(model->forward(image).train_on.empty()) << "work that nobody asked for";
      model->aux_in_evaluation = true;
      const SegOutput out = model->forward(image);
      EXPECT_EQ(out.logits.sizes(), (std::vector<int64_t>{1, 4, 33, 50}));
      ASSERT_EQ(out.train_on.size(), aux_loss ? 2U : 0U);
      if (!aux_loss) continue;
      EXPECT_TRUE(out.train_on[0].logits.map().is_same(out.logits.map()));
      EXPECT_EQ(out.train_on[0].weight, 1);
      EXPECT_EQ(out.train_on[1].logits.sizes(), out.logits.sizes());
      EXPECT_EQ(out.train_on[1].grid, MapGrid());
      EXPECT_EQ(out.train_on[1].weight, 0.4);
    }
  }
}

TEST(TorchvisionSegTest, TheAuxiliaryHeadsWeightIsAnOption) {
  const auto make = [](bool aux_loss, const Json& weight) {
    Json spec = {{"name", "fcn_resnet50"}, {"width", 0.0625}};
    if (aux_loss) spec["aux_loss"] = true;
    spec["aux_weight"] = weight;
    return MakeModel(spec, 4);
  };
  const SegOutput out = make(true, 0.25)->forward(torch::randn({2, 3, 33, 50}));
  ASSERT_EQ(out.train_on.size(), 2U);
  EXPECT_EQ(out.train_on[1].weight, 0.25);
  EXPECT_THAT(ErrorOf([&] { make(true, -1); }), HasSubstr("model.aux_weight: must be between"));
  EXPECT_THAT(ErrorOf([&] { make(false, 0.25); }), HasSubstr("\"aux_loss\": true"));
}

TEST(TorchvisionSegTest, TheTrunkHasOutputStride8) {
  const auto model = Make("fcn_resnet50", false);
  model->eval();
  torch::NoGradGuard no_grad;
  EXPECT_EQ(model->Features(torch::randn({1, 3, 65, 97})).sizes().slice(2).vec(),
            (std::vector<int64_t>{9, 13}));
}

TEST(TorchvisionSegTest, StartsFromClassifierAndFromItself) {
  const auto classifier = MakeModel(
      Json{{"name", "classifier"}, {"backbone", {{"name", "resnet50"}, {"width", 0.0625}}}}, 7);
  for (const std::string name : {"fcn_resnet50", "deeplabv3_resnet50"}) {
    const auto with = Make(name, true), without = Make(name, false);
    for (const auto& [source, target] :
         {std::pair(classifier, with), std::pair(with, without), std::pair(without, with)}) {
      const SegModel::Start start = target->StartFrom(ModuleState(*source));
      LoadState(*target, start.tensors, {"source", start.new_layers, start.dropped_layers});
    }
    EXPECT_TRUE(at::equal(with->named_parameters()["backbone.layer4.0.conv2.weight"],
                          classifier->named_parameters()["layer4.0.conv2.weight"]));
  }
}

// Batch norm behind the image's mean has one value per image.
TEST(TorchvisionSegTest, DeepLabNeedsTwoImagesInTraining) {
  const auto model = Make("deeplabv3_resnet50", false);
  const at::Tensor image = torch::randn({1, 3, 65, 65});
  model->train();
  try {
    model->forward(image);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("2 images"));
  }
  for (const auto& module : model->modules(/*include_self=*/false)) {
    if (module->as<BatchNorm2dImpl>() != nullptr) module->eval();
  }
  EXPECT_NO_THROW(model->forward(image));
}

}  // namespace
}  // namespace seglab
