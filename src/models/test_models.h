#pragma once

#include <torch/torch.h>

#include <cstring>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "models/registry.h"
#include "tensor/state.h"
#include "tensor/tensor_file.h"

// Networks of tests, and what they are compared by.
namespace seglab {

/// A network that trains in milliseconds.
inline Json TinySpec(const std::string& network = "fcn8s", const std::string& backbone = "vgg11") {
  return {{"name", network},
          {"backbone", {{"name", backbone}, {"width", 0.0625}, {"fc6_kernel", 3}}}};
}

/// The network with weights that are a function of the seed.
inline std::shared_ptr<SegModel> SeededModel(const Json& spec, int classes, uint64_t seed = 7) {
  torch::manual_seed(seed);
  return MakeModel(spec, classes);
}

/// A copy of parameters and buffers.
inline NamedTensors Snapshot(const torch::nn::Module& module) {
  NamedTensors copy;
  for (const auto& [name, tensor] : ModuleState(module)) {
    copy.emplace_back(name, tensor.detach().clone());
  }
  return copy;
}

inline bool SameBits(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes() || a.scalar_type() != b.scalar_type()) return false;
  const at::Tensor x = a.detach().contiguous(), y = b.detach().contiguous();
  const size_t bytes = static_cast<size_t>(x.numel()) * x.element_size();
  return std::memcmp(x.data_ptr(), y.data_ptr(), bytes) == 0;
}

/// The name of the first tensor that differs in a bit; "" when there is none.
inline std::string Difference(const NamedTensors& a, const NamedTensors& b) {
  if (a.size() != b.size()) return StrCat(a.size(), " and ", b.size(), " tensors");
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].first != b[i].first) return a[i].first + " and " + b[i].first;
    if (!SameBits(a[i].second, b[i].second)) return a[i].first;
  }
  return "";
}

/// Numbers in all parameters.
inline int64_t CountParameters(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const at::Tensor& parameter : module.parameters()) count += parameter.numel();
  return count;
}

/// Those tensors whose names begin with `prefix`.
inline NamedTensors Below(const NamedTensors& tensors, const std::string& prefix) {
  NamedTensors found;
  for (const auto& item : tensors) {
    if (HasPrefix(item.first, prefix)) found.push_back(item);
  }
  return found;
}

inline bool AllFinite(const NamedTensors& tensors) {
  for (const auto& item : tensors) {
    if (!at::isfinite(item.second).all().item<bool>()) return false;
  }
  return true;
}

}  // namespace seglab
