// DeconvNet.
//   H. Noh, S. Hong, B. Han, "Learning Deconvolution Network for Semantic Segmentation", ICCV 2015,
//   arXiv:1505.04366, section 3, table 2.
//
//   image 224 -> VGG-16 to pool5 (7x7) -> fc6 7x7 (1x1) -> fc7 1x1 -> deconv_fc6 7x7 (7x7)
//   -> unpool5, deconv5_1..3 (14x14) -> unpool4, deconv4_1..3 (28x28) -> unpool3, deconv3_1..3
//   -> unpool2, deconv2_1..2 -> unpool1, deconv1_1..2 (224x224) -> score 1x1
//
//   Each convolution and deconvolution (a transposed one, 3x3 of stride 1) has batch norm and ReLU
//   behind it; the last one of a stage gives the channels of the stage before. 252 M parameters.
//
// Deviations:
//   - any image size: a pool5 map smaller than fc6's window is padded with zeros to it; at 224 x
//   224
//     and beyond nothing is;
//   - dropout behind fc6 and fc7 is VGG's; the paper's batch norm stands there in its place: set
//     "dropout" 0 for that;
//   - proposals and the two stages of training are the user's: the network is trained on whole
//     images or crops like any other;
//   - other upsampling, depths of VGG, `fc6_kernel`, `fc_width` and `width` are ours.

#include "models/deconvnet.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "models/backbones/backbone.h"
#include "models/backbones/fc_start.h"
#include "models/backbones/layers.h"
#include "models/backbones/vgg.h"
#include "nn/batch_norm.h"
#include "nn/fast_conv.h"
#include "nn/layer_tap.h"
#include "nn/option_checks.h"
#include "nn/sequential.h"
#include "nn/transposed_conv.h"
#include "tensor/state.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

constexpr int kDeconvStages = 5;

TensorSequential ConvUnit(int64_t in, int64_t out, int64_t kernel) {
  return TensorSequential(FastConv2d(nn::Conv2dOptions(in, out, kernel)), BatchNorm2d(out),
                          nn::ReLU(nn::ReLUOptions(true)));
}

/// A transposed convolution, batch norm, ReLU: children of `layers`.
void AddDeconv(TensorSequential& layers, int64_t in, int64_t out, int64_t kernel, int64_t padding) {
  TransposedConv2d deconv(nn::ConvTranspose2dOptions(in, out, kernel).padding(padding));
  deconv->InitHe();
  layers->push_back(deconv);
  layers->push_back(BatchNorm2d(out));
  layers->push_back(nn::ReLU(nn::ReLUOptions(true)));
}

class DeconvNet : public SegModel {
 public:
  DeconvNet(const DeconvNetOptions& options, int classes) : options_(options) {
    const std::string name = VggNameOf(options.backbone, options.path + ".backbone", "DeconvNet");
    TrunkOptions trunk;
    trunk.fc = false;
    trunk.pooling_indices = true;
    backbone_ =
        register_module("backbone", MakeTrunk(options.backbone, trunk, options.path + ".backbone"));
    const int64_t pool5 = backbone_->Channels(32), kernel = options.fc6_kernel;
    fc_width_ = options.fc_width > 0 ? options.fc_width : backbone_->HeadFc()->width;
    const int64_t fc = fc_width_;
    fc6_ = register_module("fc6", ConvUnit(pool5, fc, kernel));
    fc7_ = register_module("fc7", ConvUnit(fc, fc, 1));
    InitHe(*fc6_);
    InitHe(*fc7_);
    TensorSequential deconv_fc6;
    AddDeconv(deconv_fc6, fc, pool5, kernel, 0);
    deconv_fc6_ = register_module("deconv_fc6", deconv_fc6);
    const std::array<int, 5> depths = VggStageDepths(name);
    int64_t out = pool5;
    for (int stage = kDeconvStages; stage > 0; --stage) {
      const int64_t in = backbone_->Channels(1 << stage);
      out = stage > 1 ? backbone_->Channels(1 << (stage - 1)) : in;
      const std::string number = std::to_string(stage);
      ups_.push_back(register_module("unpool" + number,
                                     Upsampling(UpsamplingOptions{options.upsampling, in})));
      TensorSequential deconv;
      for (int i = 1; i < depths[stage - 1]; ++i) AddDeconv(deconv, in, in, 3, 1);
      AddDeconv(deconv, in, out, 3, 1);
      deconvs_.push_back(register_module("deconv" + number, deconv));
    }
    score_ = register_module("score", FastConv2d(nn::Conv2dOptions(out, classes, 1)));
    nn::init::kaiming_normal_(score_->weight, 0, torch::kFanIn, torch::kLinear);
    nn::init::zeros_(score_->bias);
  }

  SegOutput forward(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, "deconvnet input");
    const FeatureMaps maps = backbone_->forward(image);
    at::Tensor x = ThroughFc(maps.at(1 << kDeconvStages).values);
    for (int i = 0; i < kDeconvStages; ++i) {
      const FeatureMap& map = maps.at(1 << (kDeconvStages - i));
      const BeforePool to = {map.unpooled[0], map.unpooled[1], map.indices};
      x = Forward(deconvs_[i], Forward(ups_[i], x, to));
    }
    return {Forward(score_, x)};
  }

  at::Tensor Features(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, "deconvnet input");
    return backbone_->forward(image).at(32).values;
  }

  /// From a network of this kind or from a classifier of the backbone, of which fc6 and fc7 become
  /// convolutions too.
  Start StartFrom(const NamedTensors& source) const override {
    std::vector<std::string> new_layers = {"fc6.1", "fc7.1", "deconv_fc6", "score"};
    for (int stage = 1; stage <= kDeconvStages; ++stage) {
      new_layers.push_back("deconv" + std::to_string(stage));
      new_layers.push_back("unpool" + std::to_string(stage));
    }
    Start start = StartOnTrunk(*backbone_, source, new_layers);
    if (start.new_layers.empty()) return start;
    const std::optional<HeadFcLayers> fc = backbone_->HeadFc();
    const FcShape shape = {backbone_->Channels(32), options_.fc6_kernel, fc_width_};
    for (auto& [name, tensor] : FcStart(source, fc->fc6, fc->fc7, shape))
      start.tensors.emplace_back(name.substr(0, 4) + "0." + name.substr(4), tensor);
    return start;
  }

  NetworkTraits Traits() const override {
    NetworkTraits traits = backbone_->Traits();
    if (options_.upsampling != UpsamplingKind::kMaxUnpooling)
      traits["upsampling"] = UpsamplingName(options_.upsampling);
    return traits;
  }

 private:
  /// Through the narrowest place and back to the size of pool5's map.
  at::Tensor ThroughFc(const at::Tensor& pool5) {
    const int64_t height = pool5.size(2), width = pool5.size(3);
    const int64_t rows = std::max<int64_t>(options_.fc6_kernel - height, 0),
                  columns = std::max<int64_t>(options_.fc6_kernel - width, 0);
    const at::Tensor padded =
        rows + columns > 0 ? at::constant_pad_nd(pool5, {0, columns, 0, rows}, 0) : pool5;
    at::Tensor x = at::dropout(Forward(fc6_, padded), options_.dropout, is_training());
    x = at::dropout(Forward(fc7_, x), options_.dropout, is_training());
    return Forward(deconv_fc6_, x).slice(2, 0, height).slice(3, 0, width);
  }

  DeconvNetOptions options_;
  int64_t fc_width_ = 0;
  std::shared_ptr<Trunk> backbone_;
  TensorSequential fc6_{nullptr}, fc7_{nullptr}, deconv_fc6_{nullptr};
  std::vector<Upsampling> ups_;
  std::vector<TensorSequential> deconvs_;
  FastConv2d score_{nullptr};
};

}  // namespace

void DeconvNetOptions::Check(const std::string& where) const {
  CheckRange(where, "fc6_kernel", fc6_kernel, 1, 15);
  CheckRange(where, "fc_width", fc_width, 0, 65536);
  CheckDropout(where, dropout);
}

std::shared_ptr<SegModel> MakeDeconvNet(const DeconvNetOptions& options, int classes) {
  options.Check(options.path);
  return std::make_shared<DeconvNet>(options, classes);
}

std::shared_ptr<SegModel> MakeDeconvNet(JsonReader& reader, int classes) {
  DeconvNetOptions options;
  options.path = reader.path();
  reader.Get("backbone", options.backbone);
  ReadUpsampling(reader, options.upsampling);
  reader.Get("fc6_kernel", options.fc6_kernel);
  reader.Get("fc_width", options.fc_width, 1, 65536);
  reader.Get("dropout", options.dropout);
  return MakeDeconvNet(options, classes);
}

}  // namespace seglab
