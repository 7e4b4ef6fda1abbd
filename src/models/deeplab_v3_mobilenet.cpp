// DeepLab v3 on MobileNet v2, for small devices.
//   M. Sandler, A. Howard, M. Zhu, A. Zhmoginov, L.-C. Chen, "MobileNetV2: Inverted Residuals and
//   Linear Bottlenecks", CVPR 2018, arXiv:1801.04381, section 6.3; head after L.-C. Chen et al.,
//   "Rethinking Atrous Convolution for Semantic Image Segmentation", arXiv:1706.05587.
//
//   image -> features.0..17 at output stride 16 -+-> image_pooling: mean, conv 1x1 256, bn, relu
//                                                +-> aspp0: conv 1x1 256, bn, relu
//   both side by side -> concat_projection: conv 1x1 256, bn, relu -> dropout -> logits: conv 1x1
//   -> bilinear to the image's size, first on first and last on last pixel
//
// The names are those of the TensorFlow model's layers; the trunk's are torchvision's.
//
// Deviations:
//   - padding is symmetric; TensorFlow's SAME padding equals it at sides of 16 k + 1 pixels, where
//     the interpolation is aligned too;
//   - fresh trunk weights are drawn after He et al. 2015 with fan out;
//   - `width` and other output strides are ours.

#include "models/deeplab_v3_mobilenet.h"

#include <torch/torch.h>

#include "models/backbones/mobilenet_v2.h"
#include "nn/aspp.h"
#include "nn/fast_conv.h"
#include "nn/layer_tap.h"
#include "tensor/state.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

constexpr char kWhere[] = "deeplabv3_mobilenet_v2 input";

class DeepLabV3MobileNetV2 : public SegModel {
 public:
  DeepLabV3MobileNetV2(const DeepLabV3MobileNetOptions& options, int classes) {
    StrideWalk walk(options.output_stride);
    features_ = MakeMobileNetV2Features(options.width, /*last_conv=*/false, walk);
    register_module("features", features_.layers);
    InitHe(*this, Fan::kOut);
    const int64_t in = features_.maps.at(32).channels, inner = ScaledChannels(256, options.width);
    image_pooling_ = register_module("image_pooling", ConvBnRelu(in, inner, 1));
    aspp0_ = register_module("aspp0", ConvBnRelu(in, inner, 1));
    concat_projection_ = register_module("concat_projection", ConvBnRelu(2 * inner, inner, 1));
    logits_ = register_module("logits", FastConv2d(nn::Conv2dOptions(inner, classes, 1)));
  }

  SegOutput forward(const at::Tensor& image) override {
    const at::Tensor x = Features(image);
    const at::Tensor both = at::cat({ImageLevel(image_pooling_, x), Forward(aspp0_, x)}, 1);
    const at::Tensor projected = at::dropout(Forward(concat_projection_, both), 0.1, is_training());
    const at::Tensor scores = Forward(logits_, projected);
    return {Enlarged(scores, Interpolation::Resize(scores, image.size(2), image.size(3),
                                                   Interpolation::Kind::kCorners))};
  }

  at::Tensor Features(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, kWhere);
    return Forward(features_.layers, image);
  }

  /// From a network of this kind, or from the MobileNet v2 classifier, whose features.18 has no
  /// place here.
  Start StartFrom(const NamedTensors& source) const override {
    for (const auto& [name, tensor] : source) {
      if (HasPrefix(name, "aspp0")) return {source, {}, {}};
    }
    Start start = WithoutLayers(source, {"features.18", "classifier"});
    start.new_layers = {"image_pooling", "aspp0", "concat_projection", "logits"};
    return start;
  }

 private:
  StagedFeatures features_;
  TensorSequential image_pooling_{nullptr}, aspp0_{nullptr}, concat_projection_{nullptr};
  FastConv2d logits_{nullptr};
};

}  // namespace

void DeepLabV3MobileNetOptions::Check(const std::string& where) const {
  CheckOutputStride(where, output_stride);
  CheckWidth(where, width);
}

std::shared_ptr<SegModel> MakeDeepLabV3MobileNetV2(const DeepLabV3MobileNetOptions& options,
                                                   int classes) {
  options.Check();
  return std::make_shared<DeepLabV3MobileNetV2>(options, classes);
}

std::shared_ptr<SegModel> MakeDeepLabV3MobileNetV2(JsonReader& reader, int classes) {
  DeepLabV3MobileNetOptions options;
  reader.Get("output_stride", options.output_stride);
  reader.Get("width", options.width);
  options.Check(reader.path());
  return MakeDeepLabV3MobileNetV2(options, classes);
}

}  // namespace seglab
