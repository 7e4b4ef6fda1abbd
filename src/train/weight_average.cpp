#include "train/weight_average.h"

#include <torch/torch.h>

#include <algorithm>

#include "base/error.h"

namespace seglab {

WeightAverage::WeightAverage(const torch::nn::Module& module, double decay) : decay_(decay) {
  for (const auto& item : module.named_parameters()) {
    if (item.value().requires_grad()) weights_.emplace_back(item.key(), item.value());
  }
  for (const auto& item : module.named_buffers()) {
    if (item.value().is_floating_point()) weights_.emplace_back(item.key(), item.value());
  }
  for (const auto& [name, tensor] : weights_) averages_.emplace_back(name, tensor.detach().clone());
}

void WeightAverage::Update(int64_t step) {
  const torch::NoGradGuard no_grad;
  const auto n = static_cast<double>(step);
  const double rest = 1 - std::min(decay_, (1 + n) / (10 + n));
  // lerp_ leaves an average as it is that equals the weight: what does not change is not rounded.
  for (size_t i = 0; i < weights_.size(); ++i)
    averages_[i].second.lerp_(weights_[i].second.detach(), rest);
}

void WeightAverage::Exchange() {
  const torch::NoGradGuard no_grad;
  // Numbers are copied, not memory: others hold it, and copy_ counts as a write, so that what was
  // made of the weights is made anew.
  for (size_t i = 0; i < weights_.size(); ++i) {
    at::Tensor &weight = weights_[i].second, &average = averages_[i].second;
    const at::Tensor kept = weight.detach().clone();
    weight.copy_(average);
    average.copy_(kept);
  }
}

void WeightAverage::LoadState(const NamedTensors& state) {
  for (auto& [name, average] : averages_) {
    const auto found = std::find_if(state.begin(), state.end(), [&name = name](const auto& item) {
      return item.first == name;
    });
    if (found == state.end() || found->second.sizes() != average.sizes())
      throw Error("average of the weights: no fitting ", name,
                  "; the checkpoint is of another training");
    average.copy_(found->second);
  }
}

}  // namespace seglab
