// MobileNet v1.
//   A. Howard, M. Zhu, B. Chen, D. Kalenichenko, W. Wang, T. Weyand, M. Andreetto, H. Adam,
//   "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
//   arXiv:1704.04861.
//
//   features.0      conv 3x3/2 32, bn, relu
//   features.1..13  depthwise 3x3, bn, relu, conv 1x1, bn, relu
//                   stride 1 2  1   2   1   2   1   1   1   1   1   2    1
//                   to    64 128 128 256 256 512 512 512 512 512 512 1024 1024
//   classifier      mean over the map, fc classes
//   trunk: maps: features.1 (stride 2), 3 (4), 5 (8), 11 (16), 13 (32)
//
// Deviations:
//   - `relu6` clips the activations at 6, as TensorFlow's networks do; the paper has plain ReLU;
//   - channels at other widths are multiples of 8, at least 8.

#include "models/backbones/mobilenet_v1.h"

#include <torch/torch.h>

#include "models/backbones/layers.h"
#include "nn/batch_norm.h"
#include "nn/fast_conv.h"
#include "nn/grouped_conv.h"
#include "nn/layer_tap.h"
#include "nn/relu6.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

MobileNetV1Options ReadMobileNetV1Options(JsonReader& reader) {
  MobileNetV1Options options;
  reader.Get("width", options.width);
  reader.Get("relu6", options.relu6);
  options.Check(reader.path());
  return options;
}

NetworkTraits TraitsOf(const MobileNetV1Options& options) {
  return options.relu6 ? NetworkTraits{{"activation", "relu6"}} : NetworkTraits{};
}

struct Block {
  int64_t channels, stride;
  int ends;  ///< the nominal stride whose last block this is, or 0
};

constexpr Block kBlocks[] = {{64, 1, 2},   {128, 2, 0},  {128, 1, 4},  {256, 2, 0}, {256, 1, 8},
                             {512, 2, 0},  {512, 1, 0},  {512, 1, 0},  {512, 1, 0}, {512, 1, 0},
                             {512, 1, 16}, {1024, 2, 0}, {1024, 1, 32}};

void AddConv(TensorSequential& layers, nn::Conv2dOptions conv, bool relu6) {
  conv.bias(false);
  conv.groups() > 1 ? layers->push_back(GroupedConv2d(conv)) : layers->push_back(FastConv2d(conv));
  layers->push_back(BatchNorm2d(conv.out_channels()));
  if (relu6) {
    layers->push_back(Relu6());
  } else {
    layers->push_back(nn::ReLU(nn::ReLUOptions(true)));
  }
}

StagedFeatures MakeFeatures(const MobileNetV1Options& options, StrideWalk& walk) {
  StagedFeatures features;
  int64_t in = ScaledChannels(32, options.width);
  TensorSequential first;
  AddConv(first, CenteredConv(3, in, 3, walk.Next(2)), options.relu6);
  features.Add(first);
  for (const Block& block : kBlocks) {
    const int64_t out = ScaledChannels(block.channels, options.width);
    TensorSequential layers;
    AddConv(layers, CenteredConv(in, in, 3, walk.Next(block.stride)).groups(in), options.relu6);
    AddConv(layers, nn::Conv2dOptions(in, out, 1), options.relu6);
    features.Add(layers);
    if (block.ends > 0) features.Mark(block.ends, out, walk);
    in = out;
  }
  return features;
}

class MobileNetV1Classifier : public SegModel {
 public:
  MobileNetV1Classifier(const MobileNetV1Options& options, int classes)
      : traits_(TraitsOf(options)) {
    StrideWalk walk;
    const StagedFeatures features = MakeFeatures(options, walk);
    features_ = register_module("features", features.layers);
    classifier_ = register_module("classifier", nn::Linear(features.maps.at(32).channels, classes));
    InitHe(*this, Fan::kOut);
    nn::init::normal_(classifier_->weight, 0, 0.01);
  }

  SegOutput forward(const at::Tensor& image) override {
    return {Forward(classifier_, Features(image).mean({2, 3})), {}};
  }

  at::Tensor Features(const at::Tensor& image) override {
    CheckImage(image, "mobilenet_v1 classifier");
    return Forward(features_, image);
  }

  NetworkTraits Traits() const override { return traits_; }

 private:
  NetworkTraits traits_;
  TensorSequential features_{nullptr};
  nn::Linear classifier_{nullptr};
};

}  // namespace

void MobileNetV1Options::Check(const std::string& where) const { CheckWidth(where, width); }

std::shared_ptr<Trunk> MakeMobileNetV1Trunk(const MobileNetV1Options& options,
                                            const TrunkOptions& trunk) {
  options.Check();
  trunk.Check();
  RefusePublished("mobilenet_v1", trunk);
  StrideWalk walk(trunk.output_stride);
  StagedFeatures features = MakeFeatures(options, walk);
  features.EndAt(trunk.deepest);
  return std::make_shared<StagedTrunk>(features, Fan::kOut, TraitsOf(options));
}

std::shared_ptr<SegModel> MakeMobileNetV1Classifier(const MobileNetV1Options& options,
                                                    int classes) {
  options.Check();
  return std::make_shared<MobileNetV1Classifier>(options, classes);
}

std::shared_ptr<Trunk> MakeMobileNetV1Trunk(const std::string&, JsonReader& reader,
                                            const TrunkOptions& trunk) {
  return MakeMobileNetV1Trunk(ReadMobileNetV1Options(reader), trunk);
}

std::shared_ptr<SegModel> MakeMobileNetV1Classifier(const std::string&, JsonReader& reader,
                                                    int classes) {
  return MakeMobileNetV1Classifier(ReadMobileNetV1Options(reader), classes);
}

}  // namespace seglab
