#include <gmock/gmock.h>
#include <torch/torch.h>

#include <map>
#include <string>
#include <vector>

#include "base/test_error.h"
#include "models/backbones/vgg.h"
#include "models/deconvnet.h"
#include "models/reseg.h"
#include "models/segnet.h"
#include "models/segnet_basic.h"
#include "models/test_models.h"
#include "nn/layer_tap.h"
#include "nn/upsampling.h"

// SegNet, SegNet-Basic, DeconvNet and ReSeg: sizes of the papers, ways back that are choices.
namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

int64_t ParameterCount(const Json& spec, int classes) {
  return CountParameters(*MakeModel(spec, classes));
}

TEST(DecodersTest, ParametersAreThePapers) {
  EXPECT_EQ(ParameterCount("segnet", 11), 29449355);
  // Table 1 prints 1.425 M.
  EXPECT_EQ(ParameterCount("segnet_basic", 11), 1416587);
  // "252 M": VGG-16's 13 convolutions with batch norm and their mirror, fc6, fc7, deconv_fc6.
  int64_t deconvnet = ParameterCount("deconvnet", 21);
  EXPECT_NEAR(static_cast<double>(deconvnet), 252e6, 0.5e6);
}

TEST(DecodersTest, SegNetBasicsDecodersDifferAsInTable1) {
  const auto count = [](const std::string& decoder) {
    return ParameterCount({{"name", "segnet_basic"}, {"decoder", decoder}}, 11);
  };
  const int64_t conv = 49 * 64 * 64, norm = 2 * 64, first = 49 * 3 * 64;
  const int64_t encoder = first + 3 * conv + 4 * (64 + norm), score = 64 * 11 + 11;
  EXPECT_EQ(count("segnet"), encoder + 4 * (conv + 64 + norm) + score);
  EXPECT_EQ(count("encoder_addition"), count("segnet"));
  EXPECT_EQ(count("single_channel"), encoder + 4 * (49 * 64 + 64 + norm) + score);
  const int64_t narrow = 4 * (64 * 11 * 11 + 11), wide = 4 * (64 * 64 * 64 + 64);
  EXPECT_EQ(count("fcn"), encoder + 5 * score + narrow);
  EXPECT_EQ(count("fcn_no_addition"), encoder + score + narrow);
  EXPECT_EQ(count("fcn_no_reduction"), encoder + wide + score);
  EXPECT_EQ(count("fcn_no_addition_no_reduction"), encoder + wide + score);
  EXPECT_EQ(count("bilinear"), encoder + score);
}

// K^2 C M, K^2 C, K^2 C + C M in a network.
TEST(DecodersTest, SegNetBasicsConvolutionsDifferAsInTextbooks) {
  const auto count = [](const Json& convolution) {
    return ParameterCount({{"name", "segnet_basic"}, {"convolution", convolution}}, 11);
  };
  const int64_t layers = 7, k = 49, c = 64;  // all but the first
  const int64_t rest = count("standard") - layers * k * c * c;
  EXPECT_EQ(count({{"kind", "dilated"}, {"rate", 4}}), count("standard"));
  EXPECT_EQ(count("depthwise"), rest + layers * k * c);
  EXPECT_EQ(count("depthwise_separable"), rest + layers * (k * c + c * c));
  const int64_t narrow = 9;
  EXPECT_EQ(count({{"kind", "standard"}, {"kernel", 3}}),
            count("standard") - layers * (k - narrow) * c * c - (k - narrow) * 3 * c);
}

void ExpectScores(const Json& spec) {
  SCOPED_TRACE(spec.dump());
  const auto model = SeededModel(spec, 3);
  for (const auto& [height, width] : {std::pair(33, 50), std::pair(1, 1)}) {
    const at::Tensor image = torch::randn({2, 3, height, width});
    const at::Tensor logits = model->forward(image).logits;
    EXPECT_EQ(logits.sizes(), (std::vector<int64_t>{2, 3, height, width}));
    EXPECT_TRUE(at::isfinite(logits).all().item<bool>());
  }
}

TEST(DecodersTest, EveryWayBackIsAChoice) {
  const Json vgg = {{"name", "vgg11_bn"}, {"width", 0.0625}};
  for (const std::string& upsampling : UpsamplingNames()) {
    ExpectScores({{"name", "segnet"}, {"backbone", vgg}, {"upsampling", upsampling}});
    ExpectScores({{"name", "deconvnet"}, {"backbone", vgg}, {"upsampling", upsampling}});
    for (const std::string& decoder : SegNetBasicDecoders()) {
      const Json spec = {{"name", "segnet_basic"},
                         {"decoder", decoder},
                         {"upsampling", upsampling},
                         {"width", 0.125}};
      if (decoder.starts_with("fcn") || decoder == "bilinear") {
        EXPECT_THAT(ErrorOf([&] { MakeModel(spec, 3); }),
                    AllOf(HasSubstr("model.upsampling"), HasSubstr("has its own")));
      } else {
        ExpectScores(spec);
      }
    }
  }
  for (const std::string& decoder : SegNetBasicDecoders())
    ExpectScores({{"name", "segnet_basic"}, {"decoder", decoder}, {"width", 0.125}});
}

TEST(DecodersTest, EveryConvolutionIsAChoice) {
  for (const std::string& kind : ConvKindNames()) {
    ExpectScores({{"name", "segnet_basic"}, {"convolution", kind}, {"width", 0.125}});
    ExpectScores({{"name", "segnet_basic"},
                  {"convolution", kind},
                  {"decoder", "encoder_addition"},
                  {"width", 0.125}});
  }
}

/// SegNet by LibTorch's own operators from its weights.
at::Tensor SegNetByHand(const SegModel& model, const std::vector<int>& depths,
                        const at::Tensor& image) {
  std::map<std::string, at::Tensor> weights;
  for (const auto& [name, tensor] : ModuleState(model)) weights[name] = tensor;
  const auto conv = [&](const at::Tensor& x, const std::string& name) {
    return at::conv2d(x, weights.at(name + ".weight"), weights.at(name + ".bias"), 1, 1);
  };
  const auto norm = [&](const at::Tensor& x, const std::string& name) {
    return at::batch_norm(x, weights.at(name + ".weight"), weights.at(name + ".bias"),
                          weights.at(name + ".running_mean"), weights.at(name + ".running_var"),
                          false, 0.1, 1e-5, false);
  };
  struct Pool {
    at::Tensor indices;
    int64_t height, width;
  };
  std::vector<Pool> pools;
  at::Tensor x = image;
  int layer = 0;
  for (int depth : depths) {
    for (int i = 0; i < depth; ++i, layer += 3) {
      const std::string name = "backbone.features.";
      x = norm(conv(x, name + std::to_string(layer)), name + std::to_string(layer + 1)).relu();
    }
    const int64_t height = x.size(2), width = x.size(3);
    auto [values, indices] = at::max_pool2d_with_indices(x, 2, 2, 0, 1, true);
    pools.push_back({indices, height, width});
    x = values;
    ++layer;
  }
  for (int stage = 5; stage > 0; --stage) {
    const Pool& pool = pools[stage - 1];
    x = at::max_unpool2d(x, pool.indices, {pool.height, pool.width});
    for (int i = 0; i < depths[stage - 1]; ++i) {
      const std::string name = "decode" + std::to_string(stage) + ".";
      x = conv(x, name + std::to_string(3 * i));
      const bool scores = stage == 1 && i + 1 == depths[0];
      if (!scores) x = norm(x, name + std::to_string(3 * i + 1)).relu();
    }
  }
  return x;
}

TEST(DecodersTest, SegNetIsItsLayers) {
  const Json spec = {{"name", "segnet"}, {"backbone", {{"name", "vgg13_bn"}, {"width", 0.125}}}};
  const auto model = SeededModel(spec, 3);
  {  // running statistics that are not 0 and 1
    const torch::NoGradGuard no_grad;
    model->train();
    model->forward(torch::randn({4, 3, 64, 64}));
  }
  model->eval();
  const torch::NoGradGuard no_grad;
  const at::Tensor image = torch::randn({1, 3, 45, 70});
  const at::Tensor expected = SegNetByHand(*model, {2, 2, 2, 2, 2}, image);
  const at::Tensor found = model->forward(image).logits;
  EXPECT_LT((found - expected).abs().max().item<float>(),
            1e-5 * expected.abs().max().item<float>());
}

TEST(DecodersTest, ReSegEndsItsTrunkAtConv3) {
  const Json backbone = {{"name", "vgg16"}, {"width", 0.0625}};
  const Json spec = {{"name", "reseg"}, {"backbone", backbone}, {"units", 5}, {"up_channels", 4}};
  const auto model = SeededModel(spec, 3);
  const at::Tensor image = torch::randn({1, 3, 33, 40});
  const at::Tensor features = model->Features(image);
  EXPECT_EQ(features.sizes(), (std::vector<int64_t>{1, 16, 9, 10}));
  // The same weights in a whole VGG give the same after conv3_3's ReLU.
  const auto classifier = SeededModel({{"name", "classifier"}, {"backbone", backbone}}, 7, 5);
  const SegModel::Start start = model->StartFrom(ModuleState(*classifier));
  EXPECT_NO_THROW(
      LoadState(*model, start.tensors, {"classifier", start.new_layers, start.dropped_layers}));
  classifier->eval();
  const at::Tensor large = torch::randn({1, 3, 64, 64});
  const LayerTap tap(*classifier, {"features.15"});
  classifier->forward(large);
  EXPECT_LT((model->Features(large) - tap.Output("features.15")).abs().max().item<float>(), 1e-5);
}

TEST(DecodersTest, ClassifiersStartThem) {
  const Json backbone = {{"name", "vgg11_bn"}, {"width", 0.0625}};
  const auto classifier = SeededModel({{"name", "classifier"}, {"backbone", backbone}}, 7, 5);
  for (const std::string name : {"segnet", "deconvnet", "reseg"}) {
    SCOPED_TRACE(name);
    const auto model = SeededModel({{"name", name}, {"backbone", backbone}}, 3, 6);
    const SegModel::Start start = model->StartFrom(ModuleState(*classifier));
    EXPECT_NO_THROW(
        LoadState(*model, start.tensors, {"classifier", start.new_layers, start.dropped_layers}));
    EXPECT_TRUE(at::equal(model->named_parameters()["backbone.features.0.weight"],
                          classifier->named_parameters()["features.0.weight"]));
    const auto again = SeededModel({{"name", name}, {"backbone", backbone}}, 3, 8);
    const SegModel::Start same = again->StartFrom(ModuleState(*model));
    EXPECT_NO_THROW(
        LoadState(*again, same.tensors, {"network", same.new_layers, same.dropped_layers}));
  }
}

TEST(DecodersTest, OptionsAreChecked) {
  const auto error = [](const Json& spec) { return ErrorOf([&] { MakeModel(spec, 3); }); };
  EXPECT_THAT(error({{"name", "segnet"}, {"backbone", "resnet18"}}),
              AllOf(HasSubstr("model.backbone: SegNet mirrors"), HasSubstr("resnet18")));
  EXPECT_THAT(error({{"name", "deconvnet"}, {"backbone", "alexnet"}}),
              HasSubstr("model.backbone: DeconvNet mirrors"));
  EXPECT_THAT(error({{"name", "segnet_basic"}, {"decoder", "fcm"}}),
              HasSubstr("did you mean \"fcn\""));
  EXPECT_THAT(
      error({{"name", "segnet_basic"}, {"convolution", {{"kind", "dilated"}, {"rate", 0}}}}),
      HasSubstr("model.convolution.rate: must be between 1 and 64, found 0"));
  EXPECT_THAT(error({{"name", "reseg"}, {"stride", 2}}), HasSubstr("model.stride"));
  EXPECT_THAT(error({{"name", "reseg"}, {"backbone", {{"name", "vgg16"}, {"fc_width", 3}}}}),
              HasSubstr("model.backbone.fc_width"));
}

}  // namespace
}  // namespace seglab
