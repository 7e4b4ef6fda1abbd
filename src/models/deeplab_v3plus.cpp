// DeepLab v3+.
//   L.-C. Chen, Y. Zhu, G. Papandreou, F. Schroff, H. Adam, "Encoder-Decoder with Atrous Separable
//   Convolution for Semantic Image Segmentation", ECCV 2018, arXiv:1802.02611, section 3.
//
//   image -> ResNet-101 at output stride 16 -> ASPP 256 -> x 4 --+
//              |                                                 +-> 3x3 256, 3x3 256 -> 1x1 -> x 4
//              +-- map at stride 4 -> 1x1 48 --------------------+
//
// The 3x3 windows of pyramid and decoder are depthwise separable ("separable": false: full ones).
// Any trunk carries it.
//
// Deviations: maps are put where the trunk's cells lie; see deeplab_v3.cpp.

#include "models/deeplab_v3plus.h"

#include <torch/torch.h>

#include "nn/fast_conv.h"
#include "nn/layer_tap.h"
#include "nn/option_checks.h"
#include "tensor/interpolation.h"
#include "tensor/state.h"

namespace seglab {
namespace {

class DeepLabV3Plus : public SegModel {
 public:
  DeepLabV3Plus(const DeepLabV3PlusOptions& options, int classes) : options_(options) {
    const DeepLabV3Options& base = options.base;
    backbone_ = register_module("backbone", base.MakeBackbone());
    aspp_ = register_module("aspp", Aspp(base.Pyramid(backbone_->Channels(32))));
    low_level_ = register_module(
        "low_level", ConvBnRelu(backbone_->Channels(kFine), options.low_level_channels, 1));
    const auto wide = base.separable ? SeparableConvBnRelu : ConvBnRelu;
    decoder_ = register_module(
        "decoder",
        TensorSequential(wide(base.channels + options.low_level_channels, base.channels, 3, 1),
                         wide(base.channels, base.channels, 3, 1)));
    logits_ =
        register_module("logits", FastConv2d(torch::nn::Conv2dOptions(base.channels, classes, 1)));
  }

  SegOutput forward(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, "deeplabv3plus input");
    return ScoresAtScales(image, options_.base.scales, backbone_->Grid(kFine), /*training=*/false,
                          [this](const at::Tensor& x) { return FineScores(x); });
  }

  at::Tensor Features(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, "deeplabv3plus input");
    return backbone_->forward(image).at(32).values;
  }

  Start StartFrom(const NamedTensors& source) const override {
    return StartOnTrunk(*backbone_, source, {"aspp", "low_level", "decoder", "logits"});
  }

  NetworkTraits Traits() const override { return options_.base.Traits(*backbone_); }

 private:
  /// At the stride of the decoder's map.
  at::Tensor FineScores(const at::Tensor& image) {
    const FeatureMaps maps = backbone_->forward(image);
    const at::Tensor& fine = maps.at(kFine).values;
    const MapGrid grid = backbone_->Grid(kFine);
    const at::Tensor coarse = Forward(aspp_, maps.at(32).values);
    const at::Tensor upsampled = Interpolate(
        coarse,
        Interpolation::ToGrid(coarse, backbone_->Grid(32), grid, fine.size(2), fine.size(3)));
    const at::Tensor low = Forward(low_level_, fine);
    const at::Tensor both =
        at::cat({upsampled.to(low.scalar_type()), low}, 1).contiguous(low.suggest_memory_format());
    return Forward(logits_, Forward(decoder_, both));
  }

  DeepLabV3PlusOptions options_;
  static constexpr int kFine = 4;  ///< stride of the map that the decoder adds

  std::shared_ptr<Trunk> backbone_;
  Aspp aspp_{nullptr};
  TensorSequential low_level_{nullptr}, decoder_{nullptr};
  FastConv2d logits_{nullptr};
};

}  // namespace

void DeepLabV3PlusOptions::Check(const std::string& where) const {
  base.Check(where);
  CheckRange(where, "low_level_channels", low_level_channels, 1, 4096);
}

std::shared_ptr<SegModel> MakeDeepLabV3Plus(const DeepLabV3PlusOptions& options, int classes) {
  options.Check(options.base.path);
  return std::make_shared<DeepLabV3Plus>(options, classes);
}

std::shared_ptr<SegModel> MakeDeepLabV3Plus(JsonReader& reader, int classes) {
  DeepLabV3PlusOptions options;
  options.base.Read(reader);
  reader.Get("low_level_channels", options.low_level_channels);
  return MakeDeepLabV3Plus(options, classes);
}

}  // namespace seglab
