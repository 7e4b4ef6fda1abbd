// Fully convolutional networks.
//   J. Long, E. Shelhamer, T. Darrell, "Fully Convolutional Networks for Semantic Segmentation",
//   CVPR 2015, arXiv:1411.4038; E. Shelhamer, J. Long, T. Darrell, PAMI 2017, arXiv:1605.06211.
//
//   image -> backbone -> stride 8 ------------> stride 16 -----------> stride 32 (fc7)
//                          |                      |                      |
//                      score_pool3            score_pool4             score_fr
//                          |                      |                      |
//                          |                      + <---- upscore2 ------+----- x32 --> FCN-32s
//                          + <-- upscore_pool4 ---+--------- upscore16 x16 -----------> FCN-16s
//                          +------------------------------------ upscore8 x8 ---------> FCN-8s
//
// Deviations from the reference code:
//   - "tight" geometry (not in the papers): padding that keeps sizes instead of pad 100, and
//   windows that
//     begin half a stride in; cells of all maps lie where the published crops put them relative to
//     each other.
//   - learned upsampling has one kernel per channel; the paper's has weights between channels too,
//     which start at zero.

#include "models/fcn.h"

#include <torch/torch.h>

#include "base/error.h"
#include "models/backbones/backbone.h"
#include "nn/bilinear.h"
#include "tensor/state.h"

namespace seglab {
namespace {

/// Where each published window begins (voc-fcn32s, 16s, 8s net.py of the reference code): the
/// skips' crops and the final crops, which together undo pad 100.
struct Crops {
  int64_t pool4, pool3, final32, final16, final8;
};
constexpr Crops kPublished = {5, 9, 19, 27, 31};

torch::nn::Conv2d ScoreLayer(int64_t channels, int64_t classes) {
  torch::nn::Conv2d layer(torch::nn::Conv2dOptions(channels, classes, 1));
  // Section 4.3: a zero score layer starts as well as a random one and never worse.
  torch::nn::init::zeros_(layer->weight);
  torch::nn::init::zeros_(layer->bias);
  return layer;
}

at::Tensor Window(const at::Tensor& map, int64_t offset, int64_t height, int64_t width) {
  return map.slice(2, offset, offset + height).slice(3, offset, offset + width);
}

class Fcn : public SegModel {
 public:
  Fcn(const FcnOptions& options, int classes)
      : kind_(options.kind), published_(options.geometry == "published") {
    const bool learned = options.upsampling == "learned";
    TrunkOptions trunk;
    trunk.published_fcn = published_;
    backbone_ =
        register_module("backbone", MakeTrunk(options.backbone, trunk, options.backbone_path));
    score_fr_ = register_module("score_fr", ScoreLayer(backbone_->Channels(32), classes));
    if (kind_ == FcnKind::k32s) {
      upscore_ = register_module("upscore", Upsampling(classes, 32, kPublished.final32, learned));
      return;
    }
    score_pool4_ = register_module("score_pool4", ScoreLayer(backbone_->Channels(16), classes));
    upscore2_ = register_module("upscore2", Upsampling(classes, 2, 0, learned));
    if (kind_ == FcnKind::k16s) {
      upscore_ = register_module("upscore16", Upsampling(classes, 16, kPublished.final16, learned));
      return;
    }
    score_pool3_ = register_module("score_pool3", ScoreLayer(backbone_->Channels(8), classes));
    upscore_pool4_ = register_module("upscore_pool4", Upsampling(classes, 2, 0, learned));
    upscore_ = register_module("upscore8", Upsampling(classes, 8, kPublished.final8, learned));
  }

  SegOutput forward(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, "fcn input");
    const int64_t height = image.size(2), width = image.size(3);
    const FeatureMaps maps = backbone_->forward(image);
    at::Tensor score = score_fr_(maps.at(32));
    if (score_pool4_)
      score = AddSkip(upscore2_, score, score_pool4_, maps.at(16), Pool4Scale(), kPublished.pool4);
    if (score_pool3_) {
      score =
          AddSkip(upscore_pool4_, score, score_pool3_, maps.at(8), Pool3Scale(), kPublished.pool3);
    }
    return {upscore_->forward(score, height, width), {}};
  }

  at::Tensor Features(const at::Tensor& image) override { return backbone_->forward(image).at(32); }

  Start StartFrom(const NamedTensors& source) const override {
    const std::vector<std::string> stages = {"score_pool4", "score_pool3",   "upscore", "upscore2",
                                             "upscore16",   "upscore_pool4", "upscore8"};
    for (const auto& [name, tensor] : source) {
      if (HasPrefix(name, "backbone")) return {source, stages, stages};
    }
    Start start = backbone_->StartFromClassifier(source);
    for (auto& [name, tensor] : start.tensors) name = "backbone." + name;
    for (std::string& layer : start.new_layers) layer = "backbone." + layer;
    start.new_layers.push_back("score_fr");
    start.new_layers.insert(start.new_layers.end(), stages.begin(), stages.end());
    return start;
  }

 private:
  BilinearLayer Upsampling(int64_t classes, int64_t stride, int64_t crop, bool learned) const {
    BilinearGeometry geometry;
    geometry.stride = stride;
    geometry.kernel = 2 * stride;
    geometry.offset = published_ ? crop : stride / 2;
    geometry.replicate_border = !published_;
    return BilinearLayer(classes, geometry, learned);
  }

  /// Upsamples `score` by 2 and adds the scored skip. Published: the skip is cropped to the
  /// upsampled map, which is the smaller one; tight: the upsampled map to the skip.
  at::Tensor AddSkip(BilinearLayer& upsample, const at::Tensor& score, torch::nn::Conv2d& layer,
                     const at::Tensor& skip, double scale, int64_t crop) {
    const at::Tensor scored = layer(scale == 1 ? skip : skip * scale);
    if (!published_) return upsample->forward(score, skip.size(2), skip.size(3)) + scored;
    const int64_t height = 2 * score.size(2) + 2, width = 2 * score.size(3) + 2;
    return upsample->forward(score, height, width) + Window(scored, crop, height, width);
  }

  // Fixed factors of the at-once network (its net.py), which stand in for staged training.
  double Pool4Scale() const { return kind_ == FcnKind::k8sAtOnce ? 0.01 : 1; }
  double Pool3Scale() const { return kind_ == FcnKind::k8sAtOnce ? 0.0001 : 1; }

  FcnKind kind_;
  bool published_;
  std::shared_ptr<Trunk> backbone_;
  torch::nn::Conv2d score_fr_{nullptr}, score_pool4_{nullptr}, score_pool3_{nullptr};
  BilinearLayer upscore2_{nullptr}, upscore_pool4_{nullptr}, upscore_{nullptr};
};

}  // namespace

std::shared_ptr<SegModel> MakeFcn(const FcnOptions& options, int classes) {
  return std::make_shared<Fcn>(options, classes);
}

std::shared_ptr<SegModel> MakeFcn(JsonReader& reader, int classes, FcnKind kind) {
  FcnOptions options;
  options.kind = kind;
  reader.Get("backbone", options.backbone);
  options.backbone_path = reader.Path("backbone");
  reader.GetChoice("geometry", options.geometry, {"published", "tight"});
  reader.GetChoice("upsampling", options.upsampling, {"fixed", "learned"});
  return MakeFcn(options, classes);
}

}  // namespace seglab
