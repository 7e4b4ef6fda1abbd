// SegNet.
//   V. Badrinarayanan, A. Kendall, R. Cipolla, "SegNet: A Deep Convolutional Encoder-Decoder
//   Architecture for Image Segmentation", PAMI 2017, arXiv:1511.00561, section 3.
//
//   image -> conv1_1..2 -> pool1 -> conv2_1..2 -> pool2 -> ... -> conv5_1..3 -> pool5
//                            |                     |                             |
//                         indices               indices                       indices
//                            v                     v                             v
//   score <- decode1 <- unpool <- decode2 <- unpool <- ... <- decode5 <- unpool <-
//
//   The encoder is VGG-16 without fully connected layers; decode5..1 mirror its stages: as many 3x3
//   convolutions with batch norm and ReLU, the last of a stage to the channels of the stage before.
//   The last convolution of decode1 gives the classes' scores, without batch norm and ReLU.
//
// With 11 classes on vgg16_bn it has 29,449,355 parameters.
//
// Deviations:
//   - batch norm's statistics are the running ones of the training; the authors' are computed anew
//   in
//     a pass over the training set before the test;
//   - `dropout` stands behind pool5, decode5 and decode4; Bayesian SegNet (arXiv:1511.02680) also
//   has
//     it in the encoder's stages 3 and 4;
//   - other upsampling, other depths of VGG and `width` are ours.

#include "models/segnet.h"

#include <torch/torch.h>

#include <array>
#include <vector>

#include "models/backbones/backbone.h"
#include "models/backbones/layers.h"
#include "models/backbones/vgg.h"
#include "nn/batch_norm.h"
#include "nn/fast_conv.h"
#include "nn/layer_tap.h"
#include "nn/option_checks.h"
#include "nn/sequential.h"
#include "tensor/state.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

constexpr int kStages = 5;

class SegNet : public SegModel {
 public:
  SegNet(const SegNetOptions& options, int classes) : options_(options) {
    const std::string name = VggNameOf(options.backbone, options.path + ".backbone", "SegNet");
    TrunkOptions trunk;
    trunk.fc = false;
    trunk.pooling_indices = true;
    backbone_ =
        register_module("backbone", MakeTrunk(options.backbone, trunk, options.path + ".backbone"));
    const std::array<int, 5> depths = VggStageDepths(name);
    for (int stage = kStages; stage > 0; --stage) {
      const int64_t in = backbone_->Channels(1 << stage),
                    out = stage > 1 ? backbone_->Channels(1 << (stage - 1)) : classes;
      const std::string number = std::to_string(stage);
      ups_.push_back(register_module("unpool" + number,
                                     Upsampling(UpsamplingOptions{options.upsampling, in})));
      TensorSequential decode;
      for (int i = 1; i < depths[stage - 1]; ++i) AddConv(decode, in, in);
      if (stage > 1) {
        AddConv(decode, in, out);
        InitHe(*decode);
      } else {
        InitHe(*decode);
        FastConv2d scores(nn::Conv2dOptions(in, out, 3).padding(1));
        nn::init::kaiming_normal_(scores->weight, 0, torch::kFanIn, torch::kLinear);
        nn::init::zeros_(scores->bias);
        decode->push_back(scores);
      }
      decodes_.push_back(register_module("decode" + number, decode));
    }
  }

  SegOutput forward(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, "segnet input");
    const FeatureMaps maps = backbone_->forward(image);
    at::Tensor x = Dropped(maps.at(1 << kStages).values, kStages);
    for (int i = 0; i < kStages; ++i) {
      const int stage = kStages - i;
      const FeatureMap& map = maps.at(1 << stage);
      const BeforePool to = {map.unpooled[0], map.unpooled[1], map.indices};
      x = Dropped(Forward(decodes_[i], Forward(ups_[i], x, to)), stage - 1);
    }
    return {x};
  }

  at::Tensor Features(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, "segnet input");
    return backbone_->forward(image).at(32).values;
  }

  /// From a network of this kind or from a classifier of the backbone.
  Start StartFrom(const NamedTensors& source) const override {
    std::vector<std::string> new_layers;
    for (int stage = 1; stage <= kStages; ++stage) {
      new_layers.push_back("decode" + std::to_string(stage));
      new_layers.push_back("unpool" + std::to_string(stage));
    }
    return StartOnTrunk(*backbone_, source, new_layers);
  }

  NetworkTraits Traits() const override {
    NetworkTraits traits = backbone_->Traits();
    if (options_.upsampling != UpsamplingKind::kMaxUnpooling)
      traits["upsampling"] = UpsamplingName(options_.upsampling);
    return traits;
  }

 private:
  static void AddConv(TensorSequential& layers, int64_t in, int64_t out) {
    layers->push_back(FastConv2d(nn::Conv2dOptions(in, out, 3).padding(1)));
    layers->push_back(BatchNorm2d(out));
    layers->push_back(nn::ReLU(nn::ReLUOptions(true)));
  }

  /// Behind pool5 and the decoder's two deepest stages.
  at::Tensor Dropped(const at::Tensor& x, int stage) const {
    return stage >= 3 ? at::dropout(x, options_.dropout, is_training()) : x;
  }

  SegNetOptions options_;
  std::shared_ptr<Trunk> backbone_;
  std::vector<Upsampling> ups_;
  std::vector<TensorSequential> decodes_;
};

}  // namespace

void SegNetOptions::Check(const std::string& where) const { CheckDropout(where, dropout); }

std::shared_ptr<SegModel> MakeSegNet(const SegNetOptions& options, int classes) {
  options.Check(options.path);
  return std::make_shared<SegNet>(options, classes);
}

std::shared_ptr<SegModel> MakeSegNet(JsonReader& reader, int classes) {
  SegNetOptions options;
  options.path = reader.path();
  reader.Get("backbone", options.backbone);
  ReadUpsampling(reader, options.upsampling);
  reader.Get("dropout", options.dropout);
  return MakeSegNet(options, classes);
}

}  // namespace seglab
