#include "models/backbones/fc_trunk.h"

#include <torch/torch.h>

#include <utility>

#include "base/error.h"
#include "models/backbones/fc_start.h"
#include "nn/layer_tap.h"

namespace seglab {
namespace {
namespace nn = torch::nn;
}

FcTrunk::FcTrunk(StagedFeatures features, int64_t channels, FcOptions options, Geometry geometry,
                 StrideWalk walk)
    : options_(std::move(options)), features_(std::move(features)) {
  register_module("features", features_.layers);
  const StrideWalk::Step step = walk.Next(1);
  const int64_t beyond = (options_.fc6_kernel - 1) * step.dilation;
  if (geometry == Geometry::kTight) {
    fc6_pad_begin_ = beyond / 2;
    fc6_pad_end_ = beyond - fc6_pad_begin_;
  }
  walk.Shift((static_cast<double>(beyond) / 2 - static_cast<double>(fc6_pad_begin_)) *
             static_cast<double>(step.cell));
  const bool even_padding = fc6_pad_begin_ == fc6_pad_end_;
  fc6_ = register_module("fc6",
                         FastConv2d(nn::Conv2dOptions(channels, options_.width, options_.fc6_kernel)
                                        .dilation(step.dilation)
                                        .padding(even_padding ? fc6_pad_begin_ : 0)));
  fc7_ = register_module("fc7", FastConv2d(nn::Conv2dOptions(options_.width, options_.width, 1)));
  for (const auto& [stride, map] : features_.maps) AddMap(stride, map.channels, map.grid);
  AddMap(32, options_.width, walk.grid());
  // What fc6 looks at; forward replaces its values by fc7's.
  features_.maps[32] = {features_.layers->size() - 1, channels, walk.grid()};
  InitHe(*this);
}

FeatureMaps FcTrunk::forward(const at::Tensor& image) {
  FeatureMaps maps = features_.Forward(image);
  FeatureMap& deepest = maps.at(32);
  at::Tensor x = deepest.values;
  if (fc6_pad_begin_ != fc6_pad_end_) {
    x = at::constant_pad_nd(x, {fc6_pad_begin_, fc6_pad_end_, fc6_pad_begin_, fc6_pad_end_}, 0);
  }
  x = at::dropout(ForwardConv(fc6_, nullptr, x, Activation::kRelu), options_.dropout,
                  is_training());
  deepest.values = at::dropout(ForwardConv(fc7_, nullptr, x, Activation::kRelu), options_.dropout,
                               is_training());
  return maps;
}

SegModel::Start FcTrunk::StartFromClassifier(const NamedTensors& source) const {
  // The convolutions; what is of no layer known here is left for the strict loader to complain of.
  SegModel::Start start = WithoutLayers(source, {options_.fc6, options_.fc7, options_.fc8});
  const FcShape shape = {fc6_->weight.size(1), options_.fc6_kernel, options_.width};
  const NamedTensors fc = FcStart(source, options_.fc6, options_.fc7, shape);
  start.tensors.insert(start.tensors.end(), fc.begin(), fc.end());
  return start;
}

FcLessTrunk::FcLessTrunk(StagedFeatures features, HeadFcLayers fc, NetworkTraits traits)
    : StagedTrunk(std::move(features), Fan::kIn, std::move(traits)), fc_(std::move(fc)) {}

bool HasFc(const TrunkOptions& trunk) { return !trunk.deeplab && trunk.fc && trunk.deepest == 32; }

void RefuseFcOptions(JsonReader& options, const TrunkOptions& trunk) {
  if (HasFc(trunk)) return;
  for (const char* option : {"fc6_kernel", "fc_width", "dropout"}) {
    if (!options.Has(option)) continue;
    throw Error(options.Path(option),
                ": is of fc6 and fc7, which are not the backbone's here; a network that has ",
                "its own takes their options beside \"backbone\"");
  }
}

}  // namespace seglab
