#include "train/keeping_optimizer.h"

#include <torch/torch.h>

namespace seglab {

NamedTensors KeepingOptimizer::State() const {
  NamedTensors state;
  for (const auto& [kind, tensors] : kept_) {
    for (auto& item : Named(kind, tensors)) state.push_back(std::move(item));
  }
  return state;
}

void KeepingOptimizer::LoadState(const NamedTensors& state) {
  for (auto& [kind, tensors] : kept_) Restore(kind, state, tensors);
}

std::vector<at::Tensor>& KeepingOptimizer::Keep(const std::string& kind) {
  std::vector<at::Tensor>& tensors = kept_[kind];
  for (const TrainedParameter& parameter : parameters())
    tensors.push_back(at::zeros_like(parameter.tensor));
  return tensors;
}

std::vector<at::Tensor>& KeepingOptimizer::Count(const std::string& kind) {
  std::vector<at::Tensor>& tensors = kept_[kind];
  for (size_t i = 0; i < parameters().size(); ++i)
    tensors.push_back(at::zeros({}, at::TensorOptions().dtype(at::kLong)));
  return tensors;
}

}  // namespace seglab
