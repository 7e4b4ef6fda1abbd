// MobileNet v2.
//   M. Sandler, A. Howard, M. Zhu, A. Zhmoginov, L.-C. Chen, "MobileNetV2: Inverted Residuals and
//   Linear Bottlenecks", CVPR 2018, arXiv:1801.04381, table 2.
//
//   features.0      conv 3x3/2 32, bn, relu6
//   features.1..17  conv 1x1 to t times the channels, bn, relu6 (not for t = 1), depthwise 3x3, bn,
//                   relu6, conv 1x1 to c channels, bn; plus the input where sizes allow
//                   t, c, n, stride of the first: 1 16 1 1 | 6 24 2 2 | 6 32 3 2 | 6 64 4 2 |
//                   6 96 3 1 | 6 160 3 2 | 6 320 1 1
//   features.18     conv 1x1 1280, bn, relu6
//   classifier      mean over the map, dropout 0.2, fc classes
//   trunk: maps: features.1 (stride 2), 3 (4), 6 (8), 13 (16), 18 (32)
//
// Deviations: none from torchvision; the last 1280 channels do not shrink below width 1, as there.

#include "models/backbones/mobilenet_v2.h"

#include <torch/torch.h>

#include <algorithm>

#include "nn/batch_norm.h"
#include "nn/fast_conv.h"
#include "nn/grouped_conv.h"
#include "nn/layer_tap.h"
#include "nn/option_checks.h"
#include "nn/relu6.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

TensorSequential ConvBnRelu6(nn::Conv2dOptions conv) {
  conv.bias(false);
  TensorSequential layers;
  conv.groups() > 1 ? layers->push_back(GroupedConv2d(conv)) : layers->push_back(FastConv2d(conv));
  layers->push_back(BatchNorm2d(conv.out_channels()));
  layers->push_back(Relu6());
  return layers;
}

class InvertedResidualImpl : public nn::Module {
 public:
  /// @param residual  whether the input is added
  InvertedResidualImpl(int64_t in, int64_t out, int64_t expansion, bool residual,
                       const StrideWalk::Step& step)
      : residual_(residual) {
    const int64_t hidden = in * expansion;
    TensorSequential conv;
    if (expansion != 1) conv->push_back(ConvBnRelu6(nn::Conv2dOptions(in, hidden, 1)));
    conv->push_back(ConvBnRelu6(CenteredConv(hidden, hidden, 3, step).groups(hidden)));
    conv->push_back(FastConv2d(nn::Conv2dOptions(hidden, out, 1).bias(false)));
    conv->push_back(BatchNorm2d(out));
    conv_ = register_module("conv", conv);
  }

  at::Tensor forward(const at::Tensor& x) {
    const at::Tensor y = Forward(conv_, x);
    return residual_ ? x + y : y;
  }

 private:
  bool residual_;
  TensorSequential conv_{nullptr};
};
TORCH_MODULE(InvertedResidual);

struct Stage {
  int64_t expansion, channels, blocks, stride;
  int ends;  ///< the nominal stride that the stage ends, or 0
};

constexpr Stage kStages[] = {{1, 16, 1, 1, 2},  {6, 24, 2, 2, 4},  {6, 32, 3, 2, 8},
                             {6, 64, 4, 2, 0},  {6, 96, 3, 1, 16}, {6, 160, 3, 2, 0},
                             {6, 320, 1, 1, 32}};

class MobileNetV2Classifier : public SegModel {
 public:
  MobileNetV2Classifier(const MobileNetV2Options& options, int classes) {
    StrideWalk walk;
    const StagedFeatures features =
        MakeMobileNetV2Features(options.width, /*last_conv=*/true, walk);
    features_ = register_module("features", features.layers);
    nn::Linear last(features.maps.at(32).channels, classes);
    classifier_ =
        register_module("classifier", TensorSequential(nn::Dropout(options.dropout), last));
    InitHe(*this, Fan::kOut);
    nn::init::normal_(last->weight, 0, 0.01);
  }

  SegOutput forward(const at::Tensor& image) override {
    return {Forward(classifier_, Features(image).mean({2, 3})), {}};
  }

  at::Tensor Features(const at::Tensor& image) override {
    CheckImage(image, "mobilenet_v2 classifier");
    return Forward(features_, image);
  }

 private:
  TensorSequential features_{nullptr}, classifier_{nullptr};
};

}  // namespace

StagedFeatures MakeMobileNetV2Features(double width, bool last_conv, StrideWalk& walk) {
  StagedFeatures features;
  int64_t in = ScaledChannels(32, width);
  features.Add(ConvBnRelu6(CenteredConv(3, in, 3, walk.Next(2))));
  for (const Stage& stage : kStages) {
    const int64_t out = ScaledChannels(stage.channels, width);
    for (int64_t i = 0; i < stage.blocks; ++i) {
      const int64_t stride = i == 0 ? stage.stride : 1;
      // By the published stride, so that an output stride changes no sum.
      const bool residual = stride == 1 && in == out;
      features.Add(InvertedResidual(in, out, stage.expansion, residual, walk.Next(stride)));
      in = out;
    }
    if (stage.ends > 0) features.Mark(stage.ends, out, walk);
  }
  if (last_conv) {
    const int64_t last = ScaledChannels(1280, std::max(1.0, width));
    features.Add(ConvBnRelu6(nn::Conv2dOptions(in, last, 1)));
    features.Mark(32, last, walk);
  }
  return features;
}

void MobileNetV2Options::Check(const std::string& where) const {
  CheckWidth(where, width);
  CheckDropout(where, dropout);
}

std::shared_ptr<Trunk> MakeMobileNetV2Trunk(const MobileNetV2Options& options,
                                            const TrunkOptions& trunk) {
  options.Check();
  trunk.Check();
  RefusePublished("mobilenet_v2", trunk);
  StrideWalk walk(trunk.output_stride);
  StagedFeatures features = MakeMobileNetV2Features(options.width, /*last_conv=*/true, walk);
  features.EndAt(trunk.deepest);
  return std::make_shared<StagedTrunk>(features, Fan::kOut);
}

std::shared_ptr<SegModel> MakeMobileNetV2Classifier(const MobileNetV2Options& options,
                                                    int classes) {
  options.Check();
  return std::make_shared<MobileNetV2Classifier>(options, classes);
}

std::shared_ptr<Trunk> MakeMobileNetV2Trunk(const std::string&, JsonReader& reader,
                                            const TrunkOptions& trunk) {
  MobileNetV2Options options;
  reader.Get("width", options.width);
  options.Check(reader.path());
  return MakeMobileNetV2Trunk(options, trunk);
}

std::shared_ptr<SegModel> MakeMobileNetV2Classifier(const std::string&, JsonReader& reader,
                                                    int classes) {
  MobileNetV2Options options;
  reader.Get("width", options.width);
  reader.Get("dropout", options.dropout);
  options.Check(reader.path());
  return MakeMobileNetV2Classifier(options, classes);
}

}  // namespace seglab
