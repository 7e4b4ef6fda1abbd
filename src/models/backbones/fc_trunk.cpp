#include "models/backbones/fc_trunk.h"

#include <torch/torch.h>

#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "nn/layer_tap.h"
#include "tensor/state.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

/// A linear layer's matrix as kernel. Its columns are flattened C, H, W: a kernel's order. What has
/// no square window of so many channels stays as it is.
at::Tensor AsKernel(const at::Tensor& matrix, int64_t channels) {
  if (matrix.dim() != 2 || matrix.size(1) % channels != 0) return matrix;
  const int64_t cells = matrix.size(1) / channels;
  const auto side = std::llround(std::sqrt(static_cast<double>(cells)));
  if (side * side != cells) return matrix;
  return matrix.reshape({matrix.size(0), channels, side, side});
}

/// Every s-th of the `from` rows of a window, so that `to` of them remain; none when there is no
/// such s. One row is the middle one.
struct Taps {
  int64_t first, step;
};
std::optional<Taps> RegularTaps(int64_t from, int64_t to) {
  if (to == 1) return Taps{(from - 1) / 2, 1};
  const int64_t step = (from - 1) / (to - 1);
  if ((from - 1) / step + 1 != to) return std::nullopt;
  return Taps{(from - 1 - step * (to - 1)) / 2, step};
}

/// L.-C. Chen, G. Papandreou, I. Kokkinos, K. Murphy, A. Yuille, "Semantic Image Segmentation with
/// Deep Convolutional Nets and Fully Connected CRFs", arXiv:1412.7062, section 3.2: "simple
/// decimation".
at::Tensor Decimated(const at::Tensor& kernel, int64_t side) {
  if (kernel.dim() != 4 || kernel.size(2) != kernel.size(3) || kernel.size(2) <= side)
    return kernel;
  const std::optional<Taps> taps = RegularTaps(kernel.size(2), side);
  if (!taps) return kernel;
  const int64_t end = taps->first + taps->step * (side - 1) + 1;
  return kernel.slice(2, taps->first, end, taps->step).slice(3, taps->first, end, taps->step);
}

/// `count` channels of a longer dimension, evenly spread: every fourth where 4096 become 1024.
/// DeepLab draws them at random (arXiv:1606.00915, section 4.1.1).
at::Tensor Thinned(const at::Tensor& tensor, int64_t dim, int64_t count) {
  if (tensor.dim() <= dim || tensor.size(dim) <= count) return tensor;
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < count; ++i) kept.push_back(i * tensor.size(dim) / count);
  return tensor.index_select(dim, torch::tensor(kept));
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
  x = at::dropout(Forward(fc6_, x).relu_(), options_.dropout, is_training());
  deepest.values = at::dropout(Forward(fc7_, x).relu_(), options_.dropout, is_training());
  return maps;
}

at::Tensor FcTrunk::Fc6Kernel(const at::Tensor& matrix) const {
  const at::Tensor whole = AsKernel(matrix, fc6_->weight.size(1));
  // The window first: it is a view, and channels are copied.
  const at::Tensor kernel = Thinned(Decimated(whole, options_.fc6_kernel), 0, options_.width);
  if (kernel.sizes() != whole.sizes()) {
    Log::Info("fc6 starts with a part of the classifier's, as DeepLab: ", ShapeText(kernel.sizes()),
              " of ", ShapeText(whole.sizes()));
  }
  return kernel;
}

SegModel::Start FcTrunk::StartFromClassifier(const NamedTensors& source) const {
  const int64_t width = options_.width;
  SegModel::Start start;
  for (const auto& [name, tensor] : source) {
    if (HasPrefix(name, options_.fc8)) continue;
    if (name == options_.fc6 + ".weight") {
      start.tensors.emplace_back("fc6.weight", Fc6Kernel(tensor));
    } else if (name == options_.fc6 + ".bias") {
      start.tensors.emplace_back("fc6.bias", Thinned(tensor, 0, width));
    } else if (name == options_.fc7 + ".weight") {
      const at::Tensor kernel = tensor.dim() == 2 ? tensor.unsqueeze(2).unsqueeze(3) : tensor;
      start.tensors.emplace_back("fc7.weight", Thinned(Thinned(kernel, 0, width), 1, width));
    } else if (name == options_.fc7 + ".bias") {
      start.tensors.emplace_back("fc7.bias", Thinned(tensor, 0, width));
    } else {
      // The convolutions; anything else is left for the strict loader to complain about.
      start.tensors.emplace_back(name, tensor);
    }
  }
  return start;
}

}  // namespace seglab
