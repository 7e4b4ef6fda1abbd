#include "models/deeplab_v3.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <string>
#include <vector>

#include "base/test_error.h"
#include "models/backbones/resnet.h"
#include "models/deeplab_v3plus.h"
#include "models/test_models.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

int64_t CountOf(const Json& spec) { return CountParameters(*MakeModel(spec, 21)); }

TEST(DeepLabV3Test, ParametersAreTorchvisionsWithoutItsLastConvolution) {
  // torchvision has a 3x3 convolution and its batch norm between pyramid and scores.
  EXPECT_EQ(CountOf("deeplabv3"), CountOf("deeplabv3_resnet101") - (9 * 256 * 256 + 2 * 256));
  // Image pooling: a 1x1 convolution with batch norm, and its part of the projection.
  EXPECT_EQ(CountOf({{"name", "deeplabv3"}, {"image_pooling", false}}),
            CountOf("deeplabv3") - (2048 * 256 + 2 * 256) - 256 * 256);
}

TEST(DeepLabV3Test, ParametersOfThePlus) {
  const Json full = {{"name", "deeplabv3plus"}, {"separable", false}};
  const int64_t low = 256 * 48 + 2 * 48, first = 9 * 304 * 256 + 2 * 256,
                second = 9 * 256 * 256 + 2 * 256;
  EXPECT_EQ(CountOf(full), CountOf("deeplabv3") + low + first + second);
  const auto separable = [](int64_t in, int64_t out) {
    return (9 * in + 2 * in + in * out) - 9 * in * out;  // its gain; batch norm of the output stays
  };
  EXPECT_EQ(CountOf("deeplabv3plus"),
            CountOf(full) + 3 * separable(2048, 256) + separable(304, 256) + separable(256, 256));
}

/// Dilations of the 3x3 convolutions of layer4.
std::vector<int64_t> Layer4(const Json& spec) {
  const auto model = MakeModel(spec, 3);
  std::vector<int64_t> found;
  for (const auto& item : model->named_modules()) {
    auto* conv = item.value()->as<torch::nn::Conv2dImpl>();
    if (conv == nullptr || item.key().find("layer4") == std::string::npos) continue;
    if (conv->options.kernel_size()->at(0) == 3) found.push_back(conv->options.dilation()->at(0));
  }
  return found;
}

TEST(DeepLabV3Test, BlocksHaveTheirGrid) {
  const Json narrow = {{"name", "resnet50"}, {"width", 0.0625}};
  Json spec = {{"name", "deeplabv3"}, {"backbone", narrow}};
  EXPECT_EQ(Layer4(spec), (std::vector<int64_t>{2, 4, 8}));
  spec["output_stride"] = 8;
  EXPECT_EQ(Layer4(spec), (std::vector<int64_t>{4, 8, 16}));
  spec["multi_grid"] = {1, 1, 1};
  EXPECT_EQ(Layer4(spec), (std::vector<int64_t>{4, 4, 4}));
  spec["output_stride"] = 32;
  EXPECT_EQ(Layer4(spec), (std::vector<int64_t>{1, 1, 1}));
  const Json basic = {{"name", "deeplabv3"},
                      {"backbone", {{"name", "resnet18"}, {"width", 0.125}}}};
  EXPECT_EQ(Layer4(basic), (std::vector<int64_t>{2, 2, 4, 4}));
}

TEST(DeepLabV3Test, RatesFollowTheOutputStride) {
  DeepLabV3Options options;
  EXPECT_EQ(options.Rates(), (std::vector<int64_t>{6, 12, 18}));
  options.output_stride = 8;
  EXPECT_EQ(options.Rates(), (std::vector<int64_t>{12, 24, 36}));
  options.rates = {2};
  EXPECT_EQ(options.Rates(), (std::vector<int64_t>{2}));
}

TEST(DeepLabV3Test, GoOnAnyTrunk) {
  for (const BackboneRow& row : BackboneRows()) {
    SCOPED_TRACE(row.name);
    for (const std::string name : {"deeplabv3", "deeplabv3plus"}) {
      const Json backbone = {{"name", row.name}, {"width", 0.0625}};
      const auto model = SeededModel({{"name", name}, {"backbone", backbone}, {"channels", 8}}, 3);
      const auto classifier = SeededModel({{"name", "classifier"}, {"backbone", backbone}}, 7, 5);
      const SegModel::Start start = model->StartFrom(ModuleState(*classifier));
      EXPECT_NO_THROW(
          LoadState(*model, start.tensors, {"classifier", start.new_layers, start.dropped_layers}));
      const torch::NoGradGuard no_grad;
      for (const auto& [height, width] : {std::pair(33, 50), std::pair(1, 1)}) {
        const at::Tensor logits = model->forward(torch::randn({2, 3, height, width})).logits;
        EXPECT_EQ(logits.sizes(), (std::vector<int64_t>{2, 3, height, width}));
      }
    }
  }
}

TEST(DeepLabV3Test, OptionsAreChecked) {
  const auto error = [](Json spec) {
    if (!spec.contains("name")) spec["name"] = "deeplabv3";
    return ErrorOf([&] { MakeModel(spec, 3); });
  };
  EXPECT_THAT(error({{"output_stride", 12}}), HasSubstr("model.output_stride"));
  EXPECT_THAT(error({{"backbone", "vgg16"}, {"multi_grid", {1, 2, 4}}}),
              AllOf(HasSubstr("model.multi_grid"), HasSubstr("leave it out")));
  EXPECT_THAT(error({{"multi_grid", {1, 2}}}),
              HasSubstr("has 3 blocks in layer4, found 2 factors"));
  EXPECT_THAT(
      error({{"backbone", {{"name", "resnet18"}, {"multi_grid", {1, 2}}}}, {"multi_grid", {1, 2}}}),
      HasSubstr("stands in \"backbone\" too"));
  EXPECT_THAT(error({{"name", "deeplabv3plus"}, {"low_level_channels", 0}}),
              HasSubstr("low_level_channels: must be between 1 and 4096"));
}

}  // namespace
}  // namespace seglab
