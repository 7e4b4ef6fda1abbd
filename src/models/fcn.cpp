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
// The layers keep these names on every backbone, whatever the maps of its strides are called there.
// All windows follow from where the trunk says that its cells lie: with VGG-16 they are the
// reference code's crops 5, 9, 19, 27, 31, with AlexNet its crop 18.
//
// Deviations from the reference code:
//   - "tight" geometry (not in the papers): padding that keeps sizes instead of pad 100; maps are
//     upsampled to where their cells' receptive fields lie in the image;
//   - an output stride below 32 (not in the papers): maps of the same size are added as they are,
//     or shifted by the half cell between them;
//   - learned upsampling has one kernel per channel; the paper's has weights between channels too,
//     which start at zero.

#include "models/fcn.h"

#include <torch/torch.h>

#include <cmath>
#include <vector>

#include "base/error.h"
#include "models/backbones/backbone.h"
#include "nn/bilinear.h"
#include "nn/fast_conv.h"
#include "nn/layer_tap.h"
#include "tensor/state.h"

namespace seglab {
namespace {

FastConv2d ScoreLayer(int64_t channels, int64_t classes) {
  FastConv2d layer(torch::nn::Conv2dOptions(channels, classes, 1));
  // Section 4.3: a zero score layer starts as well as a random one and never worse.
  torch::nn::init::zeros_(layer->weight);
  torch::nn::init::zeros_(layer->bias);
  return layer;
}

/// Kernel of the bilinear upsampling by `factor` that puts source cell 0 on target cell `distance`:
/// an even one is centred between two cells, an odd one on a cell.
int64_t KernelFor(int64_t factor, double distance) {
  return distance == std::floor(distance) ? 2 * factor - 1 : 2 * factor;
}

at::Tensor Window(const at::Tensor& map, int64_t offset, int64_t height, int64_t width) {
  return map.slice(2, offset, offset + height).slice(3, offset, offset + width);
}

/// One skip: the coarser scores are upsampled to the grid of a finer map and its scores added.
struct Skip {
  int stride = 0;    ///< nominal, of the finer map
  double scale = 1;  ///< fixed factor on the finer map
  FastConv2d score{nullptr};
  BilinearLayer upsample{nullptr};
  int64_t factor = 1, kernel = 1;
  int64_t crop = 0;  ///< published: where the upsampled map begins in the finer one
};

class Fcn : public SegModel {
 public:
  Fcn(const FcnOptions& options, int classes)
      : published_(options.geometry == FcnGeometry::kPublished),
        learned_(options.upsampling == FcnUpsampling::kLearned),
        classes_(classes) {
    TrunkOptions trunk;
    trunk.published_fcn = published_;
    trunk.output_stride = options.output_stride;
    backbone_ =
        register_module("backbone", MakeTrunk(options.backbone, trunk, options.backbone_path));
    score_fr_ = register_module("score_fr", ScoreLayer(backbone_->Channels(32), classes));
    MapGrid grid = backbone_->Grid(32);
    if (options.kind == FcnKind::k32s) {
      upscore_ = register_module("upscore", ToImage(grid));
      return;
    }
    // Fixed factors of the at-once network (its net.py), which stand in for staged training.
    const bool at_once = options.kind == FcnKind::k8sAtOnce;
    grid = AddSkip(grid, 16, "score_pool4", "upscore2", at_once ? 0.01 : 1);
    if (options.kind == FcnKind::k16s) {
      upscore_ = register_module("upscore16", ToImage(grid));
      return;
    }
    grid = AddSkip(grid, 8, "score_pool3", "upscore_pool4", at_once ? 0.0001 : 1);
    upscore_ = register_module("upscore8", ToImage(grid));
  }

  SegOutput forward(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, "fcn input");
    const int64_t height = image.size(2), width = image.size(3);
    const FeatureMaps maps = backbone_->forward(image);
    at::Tensor score = Forward(score_fr_, maps.at(32).values);
    for (Skip& skip : skips_) score = Fused(skip, score, maps.at(skip.stride).values);
    // A tap wants the values; the loss and arg-max do without.
    if (LayerTap::Listens()) return {Forward(upscore_, score, height, width)};
    return {upscore_->Later(score, height, width)};
  }

  at::Tensor Features(const at::Tensor& image) override {
    return backbone_->forward(image).at(32).values;
  }

  Start StartFrom(const NamedTensors& source) const override {
    const std::vector<std::string> stages = {"score_pool4", "score_pool3",   "upscore", "upscore2",
                                             "upscore16",   "upscore_pool4", "upscore8"};
    for (const auto& [name, tensor] : source) {
      if (HasPrefix(name, "backbone")) return {source, stages, stages};
    }
    Start start = backbone_->StartFromClassifier(source);
    for (auto& [name, tensor] : start.tensors) name = "backbone." + name;
    for (std::string& layer : start.new_layers) layer = "backbone." + layer;
    for (std::string& layer : start.dropped_layers) layer = "backbone." + layer;
    start.new_layers.push_back("score_fr");
    start.new_layers.insert(start.new_layers.end(), stages.begin(), stages.end());
    return start;
  }

  NetworkTraits Traits() const override {
    NetworkTraits traits = backbone_->Traits();
    if (published_) traits["geometry"] = "published";
    return traits;
  }

 private:
  /// The last upsampling, from `grid` to the image.
  BilinearLayer ToImage(const MapGrid& grid) const {
    BilinearGeometry geometry;
    geometry.stride = WholeNumber(grid.stride);
    geometry.kernel = KernelFor(geometry.stride, grid.center);
    geometry.offset = WholeNumber(static_cast<double>(geometry.kernel - 1) / 2 - grid.center);
    geometry.replicate_border = !published_;
    return BilinearLayer(classes_, geometry, learned_);
  }

  /// @return the grid of the sum
  MapGrid AddSkip(const MapGrid& from, int stride, const std::string& score_name,
                  const std::string& upsample_name, double scale) {
    MapGrid to = backbone_->Grid(stride);
    const double distance = (from.center - to.center) / to.stride;
    Skip skip;
    skip.stride = stride;
    skip.scale = scale;
    skip.factor = WholeNumber(from.stride / to.stride);
    skip.kernel = KernelFor(skip.factor, distance);
    BilinearGeometry geometry;
    geometry.stride = skip.factor;
    geometry.kernel = skip.kernel;
    const double lead = static_cast<double>(skip.kernel - 1) / 2;
    if (published_) {
      skip.crop = WholeNumber(distance - lead);
      to.center += static_cast<double>(skip.crop) * to.stride;
    } else {
      geometry.offset = WholeNumber(lead - distance);
      geometry.replicate_border = true;
    }
    skip.score = register_module(score_name, ScoreLayer(backbone_->Channels(stride), classes_));
    skip.upsample = register_module(upsample_name, BilinearLayer(classes_, geometry, learned_));
    skips_.push_back(skip);
    return to;
  }

  /// Published: the finer map is cropped to the whole upsampled one, which is smaller; tight: the
  /// upsampled map to the finer one.
  at::Tensor Fused(Skip& skip, const at::Tensor& score, const at::Tensor& finer) {
    const at::Tensor scored = Forward(skip.score, skip.scale == 1 ? finer : finer * skip.scale);
    if (!published_) {
      return Forward(skip.upsample, score, scored.size(2), scored.size(3)) + scored;
    }
    const int64_t height = (score.size(2) - 1) * skip.factor + skip.kernel,
                  width = (score.size(3) - 1) * skip.factor + skip.kernel;
    return Forward(skip.upsample, score, height, width) + Window(scored, skip.crop, height, width);
  }

  bool published_, learned_;
  int64_t classes_;
  std::shared_ptr<Trunk> backbone_;
  FastConv2d score_fr_{nullptr};
  std::vector<Skip> skips_;
  BilinearLayer upscore_{nullptr};
};

}  // namespace

void FcnOptions::Check(const std::string& where) const {
  CheckOutputStride(where, output_stride);
  if (geometry == FcnGeometry::kPublished && output_stride != 32) {
    throw Error(where, ".output_stride: the published geometry has stride 32, found ",
                output_stride, "; take \"geometry\": \"tight\"");
  }
}

std::shared_ptr<SegModel> MakeFcn(const FcnOptions& options, int classes) {
  options.Check();
  return std::make_shared<Fcn>(options, classes);
}

std::shared_ptr<SegModel> MakeFcn(JsonReader& reader, int classes, FcnKind kind) {
  FcnOptions options;
  options.kind = kind;
  reader.Get("backbone", options.backbone);
  options.backbone_path = reader.Path("backbone");
  std::string geometry = "tight", upsampling = "fixed";
  reader.GetChoice("geometry", geometry, {"published", "tight"});
  reader.Get("output_stride", options.output_stride);
  reader.GetChoice("upsampling", upsampling, {"fixed", "learned"});
  if (geometry == "published") options.geometry = FcnGeometry::kPublished;
  if (upsampling == "learned") options.upsampling = FcnUpsampling::kLearned;
  options.Check(reader.path());
  return MakeFcn(options, classes);
}

}  // namespace seglab
