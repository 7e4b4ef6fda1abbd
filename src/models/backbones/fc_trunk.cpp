#include "models/backbones/fc_trunk.h"

#include <torch/torch.h>

#include <utility>

#include "tensor/state.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

/// A linear layer's matrix as kernel. Its columns are flattened C, H, W: a kernel's order.
at::Tensor AsKernel(const at::Tensor& matrix, int64_t side) {
  if (matrix.dim() != 2 || matrix.size(1) % (side * side) != 0) return matrix;
  return matrix.reshape({matrix.size(0), -1, side, side});
}

}  // namespace

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
                         nn::Conv2d(nn::Conv2dOptions(channels, options_.width, options_.fc6_kernel)
                                        .dilation(step.dilation)
                                        .padding(even_padding ? fc6_pad_begin_ : 0)));
  fc7_ = register_module("fc7", nn::Conv2d(nn::Conv2dOptions(options_.width, options_.width, 1)));
  for (const auto& [stride, map] : features_.maps) AddMap(stride, map.channels, map.grid);
  AddMap(32, options_.width, walk.grid());
  // What fc6 looks at; forward replaces it by fc7's map.
  features_.maps[32] = {features_.layers->size() - 1, channels, walk.grid()};
  InitHe(*this);
}

FeatureMaps FcTrunk::forward(const at::Tensor& image) {
  FeatureMaps maps = features_.Forward(image);
  at::Tensor x = maps.at(32);
  if (fc6_pad_begin_ != fc6_pad_end_) {
    x = at::constant_pad_nd(x, {fc6_pad_begin_, fc6_pad_end_, fc6_pad_begin_, fc6_pad_end_}, 0);
  }
  x = at::dropout(fc6_(x).relu_(), options_.dropout, is_training());
  maps[32] = at::dropout(fc7_(x).relu_(), options_.dropout, is_training());
  return maps;
}

SegModel::Start FcTrunk::StartFromClassifier(const NamedTensors& source) const {
  SegModel::Start start;
  for (const auto& [name, tensor] : source) {
    if (HasPrefix(name, options_.fc8)) continue;
    if (name == options_.fc6 + ".weight") {
      start.tensors.emplace_back("fc6.weight", AsKernel(tensor, options_.fc6_kernel));
    } else if (name == options_.fc6 + ".bias") {
      start.tensors.emplace_back("fc6.bias", tensor);
    } else if (name == options_.fc7 + ".weight") {
      start.tensors.emplace_back("fc7.weight", AsKernel(tensor, 1));
    } else if (name == options_.fc7 + ".bias") {
      start.tensors.emplace_back("fc7.bias", tensor);
    } else {
      // The convolutions; anything else is left for the strict loader to complain about.
      start.tensors.emplace_back(name, tensor);
    }
  }
  return start;
}

}  // namespace seglab
