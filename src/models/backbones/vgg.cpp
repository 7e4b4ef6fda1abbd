// VGG.
//   K. Simonyan, A. Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
//   Recognition", ICLR 2015, arXiv:1409.1556.
//
//   features:  [conv 3x3, (bn), relu] x n, pool 2x2   five times: 64, 128, 256, 512, 512 channels
//   classifier: fc 4096, relu, dropout, fc 4096, relu, dropout, fc classes
//   trunk:      the same layers with fc6 as 7x7 and fc7 as 1x1 convolution (FCN, section 4.1);
//               maps: pool1 (stride 2), pool2 (4), pool3 (8), pool4 (16), fc7 (32)
//   DeepLab's:  pools of 3x3 cells, and the last map is pool5
//
// Deviations:
//   - fresh weights are drawn after He et al. 2015 (fan in), without which the deeper nets do not
//   start;
//   - `width`, `fc6_kernel` and `fc_width` are ours; at 1, 7 and 4096 the network is the published
//   one.

#include "models/backbones/vgg.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "models/backbones/fc_trunk.h"
#include "models/backbones/layers.h"
#include "models/backbones/wide_border.h"
#include "nn/batch_norm.h"
#include "nn/fast_conv.h"
#include "nn/layer_tap.h"
#include "nn/option_checks.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

constexpr int64_t kPublishedBorder = 100;
constexpr std::array<int64_t, 5> kChannels = {64, 128, 256, 512, 512};

bool HasBatchNorm(const std::string& name) { return name.size() > 5; }

/// Finer steps than ScaledChannels: a VGG of one channel still works.
int64_t Scaled(int64_t channels, double width) {
  return std::max<int64_t>(1, std::llround(static_cast<double>(channels) * width));
}

int64_t FcWidth(const VggOptions& options) {
  return options.fc_width > 0 ? options.fc_width : Scaled(4096, options.width);
}

void CheckVggName(const std::string& name) {
  CheckBackbone(
      name, {"vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"});
}

/// @param where  what the options are called in a message
void CheckPublished(const VggOptions& options, const TrunkOptions& trunk,
                    const std::string& where) {
  if (!trunk.published_fcn || options.fc6_kernel == 7) return;
  throw Error(where, ".fc6_kernel: the published geometry's crops are for 7, found ",
              options.fc6_kernel, "; take \"geometry\": \"tight\"");
}

/// @param has_fc  whether fc6 and fc7 are its own; else their options are not recorded either
VggOptions ReadVggOptions(JsonReader& reader, bool has_fc = true) {
  VggOptions options;
  reader.Get("width", options.width);
  if (has_fc) {
    reader.Get("fc6_kernel", options.fc6_kernel);
    reader.Get("fc_width", options.fc_width, 1, 65536);
    reader.Get("dropout", options.dropout);
  }
  options.Check(reader.path());
  return options;
}

/// The convolutions and pools, numbered as torchvision numbers them.
/// @param end  the nominal stride of the deepest map
StagedFeatures MakeFeatures(const std::string& name, const VggOptions& options, Geometry geometry,
                            StrideWalk& walk, int end = 32) {
  StagedFeatures features;
  int64_t in = 3, stride = 1;
  const std::array<int, 5> depths = VggStageDepths(name);
  for (size_t stage = 0; stage < depths.size(); ++stage) {
    const int64_t out = Scaled(kChannels[stage], options.width);
    for (int i = 0; i < depths[stage]; ++i) {
      nn::Conv2dOptions conv = CenteredConv(in, out, 3, walk.Next(1));
      if (features.layers->is_empty() && geometry == Geometry::kPublished) {
        conv.padding(kPublishedBorder);
        walk.Shift(1 - kPublishedBorder);
      }
      features.Add(FastConv2d(conv));
      if (HasBatchNorm(name)) features.Add(BatchNorm2d(out));
      features.Add(nn::ReLU(nn::ReLUOptions(true)));
      in = out;
    }
    if (stride == end) {  // before the pool that a deeper map would have
      features.Mark(end, out, walk);
      return features;
    }
    features.Add(MakePool(geometry == Geometry::kDeepLab ? 3 : 2, geometry == Geometry::kPublished,
                          geometry, walk));
    stride *= 2;
    // Up to 32 lie fc6 and fc7.
    if (stride < 32 || geometry == Geometry::kDeepLab)
      features.Mark(static_cast<int>(stride), out, walk);
  }
  return features;
}

class VggClassifier : public SegModel {
 public:
  VggClassifier(const std::string& name, const VggOptions& options, int classes)
      : side_(options.fc6_kernel) {
    StrideWalk walk;
    features_ = register_module("features",
                                MakeFeatures(name, options, Geometry::kClassifier, walk).layers);
    const int64_t channels = Scaled(kChannels.back(), options.width), fc = FcWidth(options);
    nn::Linear last(fc, classes);
    classifier_ = register_module(
        "classifier", TensorSequential(nn::Linear(channels * side_ * side_, fc), nn::ReLU(),
                                       nn::Dropout(options.dropout), nn::Linear(fc, fc), nn::ReLU(),
                                       nn::Dropout(options.dropout), last));
    InitHe(*this);
    nn::init::normal_(last->weight, 0, 0.01);
  }

  SegOutput forward(const at::Tensor& image) override {
    return {Forward(classifier_, Features(image).flatten(1)), {}};
  }

  /// The pooled map, as torchvision: an identity at 32 * fc6_kernel pixels.
  at::Tensor Features(const at::Tensor& image) override {
    CheckImage(image, "vgg classifier", 32);
    return at::adaptive_avg_pool2d(Forward(features_, image), {side_, side_}).contiguous();
  }

 private:
  int64_t side_;
  TensorSequential features_{nullptr}, classifier_{nullptr};
};

}  // namespace

std::array<int, 5> VggStageDepths(const std::string& name) {
  const std::string depth = name.substr(3, 2);
  if (depth == "11") return {1, 1, 2, 2, 2};
  if (depth == "13") return {2, 2, 2, 2, 2};
  if (depth == "16") return {2, 2, 3, 3, 3};
  return {2, 2, 4, 4, 4};
}

std::string VggNameOf(const Json& backbone, const std::string& path, const std::string& network) {
  const Json name = backbone.is_object() ? backbone.value("name", Json()) : backbone;
  if (!name.is_string() || !name.get<std::string>().starts_with("vgg")) {
    throw Error(path, ": ", network, " mirrors the stages of a VGG, found ", name.dump(),
                "; take \"vgg16_bn\" or another of them");
  }
  return name;
}

void VggOptions::Check(const std::string& where) const {
  CheckWidth(where, width);
  CheckRange(where, "fc6_kernel", fc6_kernel, 1, 15);
  if (fc6_kernel % 2 == 0) {
    throw Error(where, ".fc6_kernel: must be odd, found ", fc6_kernel);
  }
  CheckRange(where, "fc_width", fc_width, 0, 65536);
  CheckDropout(where, dropout);
}

std::shared_ptr<Trunk> MakeVggTrunk(const std::string& name, const VggOptions& options,
                                    const TrunkOptions& trunk) {
  CheckVggName(name);
  options.Check();
  trunk.Check();
  CheckPublished(options, trunk, "VggOptions");
  Geometry geometry = trunk.published_fcn ? Geometry::kPublished : Geometry::kTight;
  if (trunk.deeplab) geometry = Geometry::kDeepLab;
  StrideWalk walk(trunk.output_stride);
  StagedFeatures features = MakeFeatures(name, options, geometry, walk, trunk.deepest);
  features.pooling_indices = trunk.pooling_indices;
  if (trunk.published_fcn)
    features.border = std::make_shared<WideBorder>(features.layers, kPublishedBorder);
  if (!HasFc(trunk)) {
    const int64_t pool5 = Scaled(kChannels.back(), options.width);
    if (trunk.deepest == 32) features.Mark(32, pool5, walk);
    const HeadFcLayers fc = {"classifier.0", "classifier.3", FcWidth(options)};
    return std::make_shared<FcLessTrunk>(features, fc, NetworkTraits());
  }
  const FcOptions fc = {FcWidth(options), options.fc6_kernel, options.dropout,
                        "classifier.0",   "classifier.3",     "classifier.6"};
  return std::make_shared<FcTrunk>(features, Scaled(kChannels.back(), options.width), fc, geometry,
                                   walk);
}

std::shared_ptr<SegModel> MakeVggClassifier(const std::string& name, const VggOptions& options,
                                            int classes) {
  CheckVggName(name);
  options.Check();
  return std::make_shared<VggClassifier>(name, options, classes);
}

std::shared_ptr<Trunk> MakeVggTrunk(const std::string& name, JsonReader& reader,
                                    const TrunkOptions& trunk) {
  RefuseFcOptions(reader, trunk);
  const VggOptions options = ReadVggOptions(reader, HasFc(trunk));
  CheckPublished(options, trunk, reader.path());
  return MakeVggTrunk(name, options, trunk);
}

std::shared_ptr<SegModel> MakeVggClassifier(const std::string& name, JsonReader& reader,
                                            int classes) {
  return MakeVggClassifier(name, ReadVggOptions(reader), classes);
}

}  // namespace seglab
