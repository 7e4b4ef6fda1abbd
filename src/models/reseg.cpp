// ReSeg.
//   F. Visin, M. Ciccone, A. Romero, K. Kastner, K. Cho, Y. Bengio, M. Matteucci, A. Courville,
//   "ReSeg: A Recurrent Neural Network-based Model for Semantic Segmentation", CVPR workshops 2016,
//   arXiv:1511.07053; numbers after the authors' CamVid script.
//
//   image -> VGG-16 to conv3_3 (stride 4) -> ReNet 200 -> ReNet 200 -> up 50 -> up 50 -> score
//
//   ReNet: bidirectional GRUs over columns, then over rows, 100 units a direction; up: transposed
//   convolution 2x2 of stride 2, ReLU; score: 1x1 to the classes
//
// Deviations:
//   - any trunk, at any of its strides, with as many doublings behind it;
//   - sizes that are no multiples of the stride: the trunk rounds up, the scores are cut.

#include "models/reseg.h"

#include <torch/torch.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "models/backbones/backbone.h"
#include "nn/fast_conv.h"
#include "nn/layer_tap.h"
#include "nn/option_checks.h"
#include "nn/renet.h"
#include "nn/transposed_conv.h"
#include "tensor/state.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

class ReSeg : public SegModel {
 public:
  ReSeg(const ReSegOptions& options, int classes) : options_(options) {
    TrunkOptions trunk;
    trunk.deepest = options.stride;
    trunk.fc = options.stride == 32;
    backbone_ =
        register_module("backbone", MakeTrunk(options.backbone, trunk, options.path + ".backbone"));
    int64_t in = backbone_->Channels(options.stride);
    for (int64_t i = 1; i <= options.renet_layers; ++i) {
      renets_.push_back(register_module("renet" + std::to_string(i), ReNet(in, options.units)));
      in = 2 * options.units;
    }
    for (int stride = options.stride; stride > 1; stride /= 2) {
      TransposedConv2d up(nn::ConvTranspose2dOptions(in, options.up_channels, 2).stride(2));
      up->InitHe();
      ups_.push_back(register_module("up" + std::to_string(ups_.size() + 1), up));
      in = options.up_channels;
    }
    score_ = register_module("score", FastConv2d(nn::Conv2dOptions(in, classes, 1)));
    nn::init::kaiming_normal_(score_->weight, 0, torch::kFanIn, torch::kLinear);
    nn::init::zeros_(score_->bias);
  }

  SegOutput forward(const at::Tensor& image) override {
    at::Tensor x = Features(image);
    for (ReNet& renet : renets_) x = Forward(renet, x);
    for (TransposedConv2d& up : ups_) x = Forward(up, x).relu_();
    // Each cell of the trunk has become a square of pixels.
    return {Forward(score_, x.slice(2, 0, image.size(2)).slice(3, 0, image.size(3)))};
  }

  at::Tensor Features(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, "reseg input");
    return backbone_->forward(image).at(options_.stride).values;
  }

  /// From a network of this kind or from a classifier of the backbone.
  Start StartFrom(const NamedTensors& source) const override {
    std::vector<std::string> new_layers = {"score"};
    for (size_t i = 1; i <= renets_.size(); ++i) new_layers.push_back("renet" + std::to_string(i));
    for (size_t i = 1; i <= ups_.size(); ++i) new_layers.push_back("up" + std::to_string(i));
    return StartOnTrunk(*backbone_, source, new_layers);
  }

  NetworkTraits Traits() const override { return backbone_->Traits(); }

 private:
  ReSegOptions options_;
  std::shared_ptr<Trunk> backbone_;
  std::vector<ReNet> renets_;
  std::vector<TransposedConv2d> ups_;
  FastConv2d score_{nullptr};
};

}  // namespace

void ReSegOptions::Check(const std::string& where) const {
  if (stride != 4 && stride != 8 && stride != 16 && stride != 32)
    throw Error(where, ".stride: must be 32, 16, 8 or 4, found ", stride);
  CheckRange(where, "renet_layers", renet_layers, 1, 8);
  CheckRange(where, "units", units, 1, 4096);
  CheckRange(where, "up_channels", up_channels, 1, 4096);
}

std::shared_ptr<SegModel> MakeReSeg(const ReSegOptions& options, int classes) {
  options.Check(options.path);
  return std::make_shared<ReSeg>(options, classes);
}

std::shared_ptr<SegModel> MakeReSeg(JsonReader& reader, int classes) {
  ReSegOptions options;
  options.path = reader.path();
  reader.Get("backbone", options.backbone);
  reader.Get("stride", options.stride);
  reader.Get("renet_layers", options.renet_layers);
  reader.Get("units", options.units);
  reader.Get("up_channels", options.up_channels);
  return MakeReSeg(options, classes);
}

}  // namespace seglab
