#pragma once

#include <torch/torch.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "models/seg_model.h"
#include "tensor/state.h"

// Helper of this room's tests.
namespace seglab {

/// The reference code's networks (net.py of voc-fcn32s, 16s, 8s, 8s-atonce), layer by layer with
/// LibTorch's functions on the weights of ours (VGG-16).
class FcnReference {
 public:
  explicit FcnReference(const SegModel& model) {
    for (const auto& [name, tensor] : ModuleState(model)) weights_[name] = tensor.detach();
  }

  at::Tensor Forward(const std::string& name, const at::Tensor& image) const {
    const bool at_once = name == "fcn8s_atonce";
    at::Tensor x = image, pool3, pool4;
    const std::vector<std::vector<int>> stages = {
        {0, 2}, {5, 7}, {10, 12, 14}, {17, 19, 21}, {24, 26, 28}};
    for (size_t stage = 0; stage < stages.size(); ++stage) {
      for (int layer : stages[stage]) {
        x = Conv("backbone.features." + std::to_string(layer), x, layer == 0 ? 100 : 1).relu();
      }
      x = at::max_pool2d(x, 2, 2, 0, 1, /*ceil_mode=*/true);
      if (stage == 2) pool3 = x;
      if (stage == 3) pool4 = x;
    }
    x = Conv("backbone.fc6", x, 0).relu();
    x = Conv("backbone.fc7", x, 0).relu();
    x = Conv("score_fr", x, 0);
    if (name == "fcn32s") return Window(Deconv(x, 64, 32), 19, image);
    x = Deconv(x, 4, 2);
    x = x + Window(Conv("score_pool4", at_once ? pool4 * 0.01 : pool4, 0), 5, x);
    if (name == "fcn16s") return Window(Deconv(x, 32, 16), 27, image);
    x = Deconv(x, 4, 2);
    x = x + Window(Conv("score_pool3", at_once ? pool3 * 0.0001 : pool3, 0), 9, x);
    return Window(Deconv(x, 16, 8), 31, image);
  }

  /// The part of `map` from `offset` on that is as large as `like`.
  static at::Tensor Window(const at::Tensor& map, int64_t offset, const at::Tensor& like) {
    return map.slice(2, offset, offset + like.size(2)).slice(3, offset, offset + like.size(3));
  }

 private:
  at::Tensor Conv(const std::string& layer, const at::Tensor& x, int64_t padding) const {
    const int64_t stride = 1;
    return at::conv2d(x, weights_.at(layer + ".weight"), weights_.at(layer + ".bias"), stride,
                      padding);
  }

  /// The filter of surgery.py on the diagonal of a dense kernel.
  static at::Tensor Deconv(const at::Tensor& x, int64_t size, int64_t stride) {
    const int64_t channels = x.size(1), factor = (size + 1) / 2;
    const double center = size % 2 == 1 ? factor - 1 : factor - 0.5;
    at::Tensor kernel = torch::zeros({channels, channels, size, size});
    auto k = kernel.accessor<float, 4>();
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t i = 0; i < size; ++i) {
        for (int64_t j = 0; j < size; ++j) {
          k[c][c][i][j] = static_cast<float>((1 - std::abs(i - center) / factor) *
                                             (1 - std::abs(j - center) / factor));
        }
      }
    }
    return at::conv_transpose2d(x, kernel, {}, stride);
  }

  std::map<std::string, at::Tensor> weights_;
};

}  // namespace seglab
