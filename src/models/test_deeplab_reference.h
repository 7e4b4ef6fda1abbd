#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <string>
#include <vector>

#include "models/seg_model.h"
#include "tensor/state.h"

// DeepLab's VGG-16 after the released prototxts, from the weights of a network and LibTorch's
// functions alone.
namespace seglab {

class DeepLabReference {
 public:
  explicit DeepLabReference(const SegModel& model) : state_(ModuleState(model)) {}

  const at::Tensor& Get(const std::string& name) const {
    for (const auto& item : state_) {
      if (item.first == name) return item.second;
    }
    ADD_FAILURE() << "no " << name;
    static const at::Tensor none;
    return none;
  }

  at::Tensor Conv(const std::string& layer, const at::Tensor& x, int64_t stride, int64_t padding,
                  int64_t dilation = 1) const {
    return at::conv2d(x, Get(layer + ".weight"), Get(layer + ".bias"), stride, padding, dilation);
  }

  /// pool1 to pool5.
  std::vector<at::Tensor> Pools(at::Tensor x) const {
    const std::vector<std::vector<int>> stages = {
        {0, 2}, {5, 7}, {10, 12, 14}, {17, 19, 21}, {24, 26, 28}};
    std::vector<at::Tensor> pools;
    for (size_t stage = 0; stage < stages.size(); ++stage) {
      const int64_t rate = stage == 4 ? 2 : 1, stride = stage < 3 ? 2 : 1;
      for (int index : stages[stage])
        x = Conv("backbone.features." + std::to_string(index), x, 1, rate, rate).relu();
      x = at::max_pool2d(x, 3, stride, 1);
      pools.push_back(x);
    }
    return pools;
  }

  /// @param suffix  ".1" of a branch of ASPP
  at::Tensor Fc(at::Tensor x, int64_t padding, int64_t rate, const std::string& suffix = "") const {
    x = Conv("fc6" + suffix, x, 1, padding, rate).relu();
    return Conv("fc8" + suffix, Conv("fc7" + suffix, x, 1, 0).relu(), 1, 0);
  }

  /// @param name  "pool3"
  at::Tensor Msc(const std::string& name, const at::Tensor& x, int64_t stride) const {
    const std::string start = "msc." + name;
    const at::Tensor hidden = Conv(start + "_conv", x, stride, 1).relu();
    return Conv(start + "_ms", Conv(start + "_fc", hidden, 1, 0).relu(), 1, 0);
  }

 private:
  NamedTensors state_;
};

/// Every parameter far from zero, so that no layer is without effect.
inline void RandomizeDeepLab(SegModel& model) {
  torch::NoGradGuard no_grad;
  torch::manual_seed(11);
  for (at::Tensor& parameter : model.parameters()) {
    const double inputs = parameter.dim() > 1 ? static_cast<double>(parameter.numel()) /
                                                    static_cast<double>(parameter.size(0))
                                              : 100;
    parameter.normal_(0, 1.4 / std::sqrt(inputs));
  }
}

}  // namespace seglab
