#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/test_error.h"
#include "models/test_models.h"

// Where the weights of classifiers and of other DeepLabs go.
namespace seglab {
namespace {

using testing::Contains;
using testing::HasSubstr;

Json ThinBackbone(const std::string& name) { return {{"name", name}, {"width", 0.015625}}; }

const at::Tensor& TensorOf(const NamedTensors& tensors, const std::string& name) {
  for (const auto& item : tensors) {
    if (item.first == name) return item.second;
  }
  ADD_FAILURE() << "no " << name;
  static const at::Tensor none;
  return none;
}

/// The network started with a classifier's or another network's weights.
std::shared_ptr<SegModel> Started(const Json& spec, const NamedTensors& source) {
  const auto model = SeededModel(spec, 5, 9);
  const SegModel::Start start = model->StartFrom(source);
  LoadState(*model, start.tensors, {"source", start.new_layers, start.dropped_layers});
  return model;
}

struct DecimationRow {
  const char* fc6;
  int64_t kernel, step, width;
};

// fc6 has 64 channels here, DeepLab's 1024 are 16 of them.
TEST(DeepLabStartTest, Fc6IsThinnedOut) {
  const NamedTensors source =
      Snapshot(*SeededModel({{"name", "classifier"}, {"backbone", ThinBackbone("vgg16")}}, 7));
  const at::Tensor fc6 = TensorOf(source, "classifier.0.weight").reshape({64, 8, 7, 7}),
                   fc7 = TensorOf(source, "classifier.3.weight");
  for (const DecimationRow& row :
       {DecimationRow{"largefov", 3, 3, 16}, DecimationRow{"7x7_r4", 7, 1, 64},
        DecimationRow{"4x4_r4", 4, 2, 64}, DecimationRow{"4x4_r8", 4, 2, 64}}) {
    SCOPED_TRACE(row.fc6);
    const NamedTensors state = Snapshot(*Started({{"name", "deeplab_v1"},
                                                  {"fc6", row.fc6},
                                                  {"msc", true},
                                                  {"backbone", ThinBackbone("vgg16")}},
                                                 source));
    const int64_t every = 64 / row.width;
    const at::Tensor rows = fc6.slice(0, 0, 64, every);
    EXPECT_TRUE(SameBits(TensorOf(state, "fc6.weight"),
                         rows.slice(2, 0, 7, row.step).slice(3, 0, 7, row.step)));
    EXPECT_TRUE(SameBits(TensorOf(state, "fc7.weight").flatten(1),
                         fc7.slice(0, 0, 64, every).slice(1, 0, 64, every)));
    EXPECT_TRUE(SameBits(TensorOf(state, "fc6.bias"),
                         TensorOf(source, "classifier.0.bias").slice(0, 0, 64, every)));
    EXPECT_TRUE(SameBits(TensorOf(state, "backbone.features.28.weight"),
                         TensorOf(source, "features.28.weight")));
  }
}

TEST(DeepLabStartTest, EveryBranchOfAsppStartsWithTheSame) {
  const NamedTensors source =
      Snapshot(*SeededModel({{"name", "classifier"}, {"backbone", ThinBackbone("vgg16")}}, 7));
  const NamedTensors state =
      Snapshot(*Started({{"name", "deeplab_v2"}, {"backbone", ThinBackbone("vgg16")}}, source));
  const NamedTensors single = Snapshot(*Started(
      {{"name", "deeplab_v2"}, {"head", "largefov"}, {"backbone", ThinBackbone("vgg16")}}, source));
  for (const std::string branch : {"1", "2", "3", "4"}) {
    for (const std::string layer : {"fc6", "fc7"}) {
      for (const std::string part : {".weight", ".bias"}) {
        EXPECT_TRUE(
            SameBits(TensorOf(state, layer + "." + branch + part), TensorOf(single, layer + part)));
      }
    }
  }
  EXPECT_FALSE(at::equal(TensorOf(state, "fc8.1.weight"), TensorOf(state, "fc8.2.weight")));
}

// DeepLab's own file to start from: 1024 channels of 3x3 already.
TEST(DeepLabStartTest, AThinnedClassifierFitsAsItIs) {
  Json backbone = ThinBackbone("vgg16");
  backbone["fc6_kernel"] = 3;
  backbone["fc_width"] = 16;
  const NamedTensors source =
      Snapshot(*SeededModel({{"name", "classifier"}, {"backbone", backbone}}, 7));
  const NamedTensors state =
      Snapshot(*Started({{"name", "deeplab_v1"}, {"backbone", ThinBackbone("vgg16")}}, source));
  EXPECT_TRUE(
      SameBits(TensorOf(state, "fc6.weight").flatten(1), TensorOf(source, "classifier.0.weight")));
  EXPECT_THAT(
      ErrorOf([&] {
        Started({{"name", "deeplab_v1"}, {"fc6", "4x4_r4"}, {"backbone", ThinBackbone("vgg16")}},
                source);
      }),
      HasSubstr("fc6.weight"));
}

TEST(DeepLabStartTest, TrunksWithoutFc6AreKept) {
  for (const std::string name : {"resnet18", "resnet50", "mobilenet_v2", "googlenet"}) {
    SCOPED_TRACE(name);
    const NamedTensors source =
        Snapshot(*SeededModel({{"name", "classifier"}, {"backbone", ThinBackbone(name)}}, 7));
    for (const Json& spec :
         {Json{{"name", "deeplab_v2"}, {"backbone", ThinBackbone(name)}},
          Json{{"name", "deeplab_v1"}, {"fc_width", 8}, {"backbone", ThinBackbone(name)}}}) {
      const NamedTensors state = Snapshot(*Started(spec, source));
      int64_t kept = 0;
      for (const auto& [layer, tensor] : Below(state, "backbone")) {
        EXPECT_TRUE(SameBits(tensor, TensorOf(source, layer.substr(9)))) << layer;
        ++kept;
      }
      EXPECT_GT(kept, 50);
    }
  }
}

TEST(DeepLabStartTest, MscGrowsOnATrainedNetwork) {
  const Json plain = {{"name", "deeplab_v1"}, {"backbone", ThinBackbone("vgg16")}};
  Json msc = plain;
  msc["msc"] = true;
  const NamedTensors first = Snapshot(*SeededModel(plain, 5));
  const NamedTensors second = Snapshot(*Started(msc, first));
  for (const auto& [name, tensor] : first) EXPECT_TRUE(SameBits(tensor, TensorOf(second, name)));
  EXPECT_EQ(Below(second, "msc").size(), 30u);
  EXPECT_EQ(Difference(first, Snapshot(*Started(plain, second))), "") << "and is left out again";
}

TEST(DeepLabStartTest, ScalesHaveNoWeights) {
  const Json plain = {{"name", "deeplab_v2"}, {"backbone", ThinBackbone("resnet18")}};
  Json scales = plain;
  scales["scales"] = {0.5, 1};
  const NamedTensors first = Snapshot(*SeededModel(plain, 5));
  EXPECT_EQ(Difference(first, Snapshot(*Started(scales, first))), "");
}

}  // namespace
}  // namespace seglab
