#include "models/backbones/fc_start.h"

#include <torch/torch.h>

#include <cmath>
#include <optional>
#include <vector>

#include "base/log.h"
#include "tensor/state.h"

namespace seglab {
namespace {

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

/// `count` channels of a longer dimension, evenly spread.
at::Tensor Thinned(const at::Tensor& tensor, int64_t dim, int64_t count) {
  if (tensor.dim() <= dim || tensor.size(dim) <= count) return tensor;
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < count; ++i) kept.push_back(i * tensor.size(dim) / count);
  return tensor.index_select(dim, torch::tensor(kept));
}

}  // namespace

at::Tensor Fc6Weight(const at::Tensor& weight, const FcShape& shape) {
  const at::Tensor whole = AsKernel(weight, shape.in);
  // The window first: it is a view, and channels are copied.
  const at::Tensor kernel = Thinned(Decimated(whole, shape.kernel), 0, shape.width);
  if (kernel.sizes() != whole.sizes()) {
    Log::Info("fc6 starts with a part of the classifier's, as DeepLab: ", ShapeText(kernel.sizes()),
              " of ", ShapeText(whole.sizes()));
  }
  return kernel;
}

at::Tensor Fc7Weight(const at::Tensor& weight, const FcShape& shape) {
  const at::Tensor kernel = weight.dim() == 2 ? weight.unsqueeze(2).unsqueeze(3) : weight;
  return Thinned(Thinned(kernel, 0, shape.width), 1, shape.width);
}

at::Tensor FcBias(const at::Tensor& bias, const FcShape& shape) {
  return Thinned(bias, 0, shape.width);
}

NamedTensors FcStart(const NamedTensors& source, const std::string& fc6, const std::string& fc7,
                     const FcShape& shape) {
  NamedTensors start;
  for (const auto& [name, tensor] : source) {
    if (name == fc6 + ".weight") {
      start.emplace_back("fc6.weight", Fc6Weight(tensor, shape));
    } else if (name == fc6 + ".bias") {
      start.emplace_back("fc6.bias", FcBias(tensor, shape));
    } else if (name == fc7 + ".weight") {
      start.emplace_back("fc7.weight", Fc7Weight(tensor, shape));
    } else if (name == fc7 + ".bias") {
      start.emplace_back("fc7.bias", FcBias(tensor, shape));
    }
  }
  return start;
}

}  // namespace seglab
