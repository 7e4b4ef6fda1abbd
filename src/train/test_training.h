#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "base/test_error.h"
#include "base/test_folder.h"
#include "data/dataset.h"
#include "data/masks.h"
#include "models/registry.h"
#include "tensor/state.h"
#include "tensor/tensor_file.h"

// Helpers of this room's tests.
namespace seglab {

/// What is logged while `call` runs.
template <typename Call>
std::string LogOf(const Call& call) {
  const TestFolder folder;
  {
    const LogFile log(folder.File("log.txt"));
    call();
  }
  return ReadFile(folder.File("log.txt"));
}

inline LabelSet TestLabels(int classes) {
  LabelSet labels;
  for (int i = 0; i < classes; ++i) {
    labels.names.push_back(StrCat("class ", i));
    labels.palette.push_back(VocColor(i));
  }
  return labels;
}

/// Samples that lie in memory.
class MemoryDataset : public Dataset {
 public:
  MemoryDataset(std::vector<Sample> samples, int classes)
      : samples_(std::move(samples)), labels_(TestLabels(classes)) {}

  int64_t Size() const override { return static_cast<int64_t>(samples_.size()); }
  Sample Get(int64_t index) const override { return samples_.at(index); }
  std::string Name(int64_t index) const override { return samples_.at(index).name; }
  const LabelSet& Labels() const override { return labels_; }
  bool IsClassification() const override { return samples_.front().category >= 0; }

 private:
  std::vector<Sample> samples_;
  LabelSet labels_;
};

/// Another data set with something that happens before each read; reads count from 1.
class HookedDataset : public Dataset {
 public:
  using Hook = std::function<void(int64_t read, int64_t index)>;
  HookedDataset(std::shared_ptr<const Dataset> inner, Hook hook)
      : inner_(std::move(inner)), hook_(std::move(hook)) {}

  int64_t Size() const override { return inner_->Size(); }
  Sample Get(int64_t index) const override {
    hook_(++reads_, index);
    return inner_->Get(index);
  }
  std::string Name(int64_t index) const override { return inner_->Name(index); }
  const LabelSet& Labels() const override { return inner_->Labels(); }
  bool IsClassification() const override { return inner_->IsClassification(); }

 private:
  std::shared_ptr<const Dataset> inner_;
  Hook hook_;
  mutable std::atomic<int64_t> reads_{0};
};

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
