// torchvision's segmentation networks on ResNets: fcn_resnet50, fcn_resnet101, deeplabv3_resnet50,
// deeplabv3_resnet101.
//   FCN: J. Long, E. Shelhamer, T. Darrell, CVPR 2015, arXiv:1411.4038; DeepLab v3: L.-C. Chen,
//   G. Papandreou, F. Schroff, H. Adam, "Rethinking Atrous Convolution for Semantic Image
//   Segmentation", arXiv:1706.05587.
//
//   image -> ResNet at output stride 8 -> layer4 -> classifier -> bilinear to the image's size
//                                      -> layer3 -> aux_classifier (aux_loss) -> the same
//   FCN head:       conv 3x3 to a quarter of the channels, bn, relu, dropout 0.1, conv 1x1 classes
//   DeepLab head:   ASPP 256 (1x1; 3x3 at rates 12, 24, 36; image mean), conv 3x3, bn, relu,
//                   conv 1x1 classes
//   aux_classifier: an FCN head
//
// Deviations from torchvision:
//   - `width` is ours.
// torchvision's own from the papers: FCN without skips on a dilated trunk; interpolation aligns the
// outer edges of cells, while a cell i of the trunk lies on pixel 8 i: 3.5 pixels off.

#include "models/torchvision_seg.h"

#include <torch/torch.h>

#include "base/error.h"
#include "base/names.h"
#include "models/backbones/layers.h"
#include "models/backbones/resnet.h"
#include "nn/aspp.h"
#include "nn/batch_norm.h"
#include "nn/fast_conv.h"
#include "nn/layer_tap.h"
#include "tensor/state.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

TensorSequential FcnHead(int64_t in, int64_t classes) {
  const int64_t inner = in / 4;
  TensorSequential head = ConvBnRelu(in, inner, 3);
  head->push_back(nn::Dropout(0.1));
  head->push_back(FastConv2d(nn::Conv2dOptions(inner, classes, 1)));
  return head;
}

TensorSequential DeepLabHead(int64_t in, int64_t channels, int64_t classes) {
  AsppOptions aspp;
  aspp.in = in;
  aspp.out = channels;
  return TensorSequential(
      Aspp(aspp), FastConv2d(nn::Conv2dOptions(channels, channels, 3).padding(1).bias(false)),
      BatchNorm2d(channels), nn::ReLU(), FastConv2d(nn::Conv2dOptions(channels, classes, 1)));
}

class TorchvisionSeg : public SegModel {
 public:
  TorchvisionSeg(const TorchvisionSegOptions& options, int classes)
      : where_((options.deeplab ? "deeplabv3_" : "fcn_") + options.backbone + " input"),
        aux_weight_(options.aux_weight) {
    ResNetOptions resnet;
    resnet.width = options.width;
    TrunkOptions trunk;
    trunk.output_stride = 8;
    backbone_ = register_module("backbone", MakeResNetTrunk(options.backbone, resnet, trunk));
    const int64_t deepest = backbone_->Channels(32);
    classifier_ = register_module(
        "classifier", options.deeplab
                          ? DeepLabHead(deepest, ScaledChannels(256, options.width), classes)
                          : FcnHead(deepest, classes));
    if (!options.aux_loss) return;
    aux_classifier_ = register_module("aux_classifier", FcnHead(backbone_->Channels(16), classes));
  }

  SegOutput forward(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, where_);
    const FeatureMaps maps = backbone_->forward(image);
    const Enlarged logits = ToImage(Forward(classifier_, maps.at(32).values), image);
    if (!aux_classifier_ || !(is_training() || aux_in_evaluation)) return {logits, {}};
    const Enlarged aux = ToImage(Forward(aux_classifier_, maps.at(16).values), image);
    return {logits, {{logits, {}, 1}, {aux, {}, aux_weight_}}};
  }

  at::Tensor Features(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, where_);
    return backbone_->forward(image).at(32).values;
  }

  /// From a network of the same kind, with or without auxiliary head, or from the ResNet
  /// classifier.
  Start StartFrom(const NamedTensors& source) const override {
    for (const auto& [name, tensor] : source) {
      if (HasPrefix(name, "backbone")) return {source, {"aux_classifier"}, {"aux_classifier"}};
    }
    Start start = backbone_->StartFromClassifier(source);
    for (auto& [name, tensor] : start.tensors) name = "backbone." + name;
    start.new_layers = {"classifier", "aux_classifier"};
    return start;
  }

  NetworkTraits Traits() const override { return backbone_->Traits(); }

 private:
  static Enlarged ToImage(const at::Tensor& score, const at::Tensor& image) {
    return {score, Interpolation::Resize(score, image.size(2), image.size(3))};
  }

  std::string where_;
  double aux_weight_;
  std::shared_ptr<Trunk> backbone_;
  TensorSequential classifier_{nullptr}, aux_classifier_{nullptr};
};

}  // namespace

void TorchvisionSegOptions::Check(const std::string& where) const {
  if (backbone != "resnet50" && backbone != "resnet101") {
    throw Error(where, ".backbone: ", UnknownName("value", backbone, {"resnet50", "resnet101"}));
  }
  CheckAuxWeight(where, aux_weight);
  CheckWidth(where, width);
}

std::shared_ptr<SegModel> MakeTorchvisionSeg(const TorchvisionSegOptions& options, int classes) {
  options.Check();
  return std::make_shared<TorchvisionSeg>(options, classes);
}

std::shared_ptr<SegModel> MakeTorchvisionSeg(JsonReader& reader, int classes,
                                             TorchvisionSegOptions options) {
  ReadAuxLoss(reader, options.aux_loss, options.aux_weight);
  reader.Get("width", options.width);
  options.Check(reader.path());
  return MakeTorchvisionSeg(options, classes);
}

}  // namespace seglab
