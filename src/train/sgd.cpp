#include "train/sgd.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/names.h"
#include "tensor/state.h"

namespace seglab {
namespace {

bool IsBias(const std::string& name) { return HasPrefix(name.substr(name.rfind('.') + 1), "bias"); }

void CheckPrefix(const std::string& prefix, const std::vector<std::string>& names,
                 const std::string& where) {
  const bool fits = std::any_of(names.begin(), names.end(),
                                [&](const std::string& name) { return HasPrefix(name, prefix); });
  if (fits) return;
  std::vector<std::string> layers;
  for (const std::string& name : names) {
    const std::string layer = name.substr(0, name.find('.'));
    if (layers.empty() || layers.back() != layer) layers.push_back(layer);
  }
  throw Error(where, ": ", UnknownName("layer", prefix, layers));
}

}  // namespace

Sgd::Sgd(torch::nn::Module& module, const TrainOptions& options) : options_(options) {
  const auto parameters = module.named_parameters();
  const std::vector<std::string> names = parameters.keys();
  for (const std::string& prefix : options.only) CheckPrefix(prefix, names, "train.only");
  for (const RateGroup& group : options.groups) CheckPrefix(group.prefix, names, "train.groups");

  for (const auto& item : parameters) {
    const std::string& name = item.key();
    at::Tensor parameter = item.value();
    const bool trained = options.only.empty() ||
                         std::any_of(options.only.begin(), options.only.end(),
                                     [&](const auto& prefix) { return HasPrefix(name, prefix); });
    parameter.set_requires_grad(trained);
    if (!trained) continue;
    Entry entry{name, parameter, at::zeros_like(parameter), 1, 1};
    for (const RateGroup& group : options.groups) {
      if (!HasPrefix(name, group.prefix)) continue;
      entry.lr = group.lr;
      entry.decay = group.decay;
    }
    if (IsBias(name)) entry.lr *= options.bias_lr;
    if (parameter.dim() <= 1) entry.decay *= options.bias_decay;
    entries_.push_back(std::move(entry));
  }
}

void Sgd::ClipGradients() {
  double squares = 0;
  for (Entry& entry : entries_) {
    const at::Tensor& gradient = entry.parameter.grad();
    if (gradient.defined()) squares += gradient.pow(2).sum().item<double>();
  }
  const double norm = std::sqrt(squares);
  if (!(norm > options_.clip_norm)) return;
  for (Entry& entry : entries_) {
    if (entry.parameter.grad().defined())
      entry.parameter.mutable_grad().mul_(options_.clip_norm / norm);
  }
}

void Sgd::Step(double lr) {
  torch::NoGradGuard no_grad;
  if (options_.accumulate > 1) {
    for (Entry& entry : entries_) {
      if (entry.parameter.grad().defined())
        entry.parameter.mutable_grad().div_(options_.accumulate);
    }
  }
  if (options_.clip_norm > 0) ClipGradients();
  for (Entry& entry : entries_) {
    at::Tensor& gradient = entry.parameter.mutable_grad();
    if (!gradient.defined()) continue;
    const double decay = options_.weight_decay * entry.decay;
    if (decay != 0) gradient.add_(entry.parameter, decay);
    entry.velocity.mul_(options_.momentum).add_(gradient, lr * entry.lr);
    entry.parameter.sub_(entry.velocity);
    gradient = at::Tensor();
  }
}

NamedTensors Sgd::State() const {
  NamedTensors state;
  for (const Entry& entry : entries_) state.emplace_back(entry.name, entry.velocity);
  return state;
}

void Sgd::LoadState(const NamedTensors& state) {
  torch::NoGradGuard no_grad;
  for (Entry& entry : entries_) {
    auto found = std::find_if(state.begin(), state.end(),
                              [&](const auto& item) { return item.first == entry.name; });
    if (found == state.end() || found->second.sizes() != entry.velocity.sizes()) {
      throw Error("optimizer state: no fitting momentum for ", entry.name,
                  "; the checkpoint is of another training");
    }
    entry.velocity.copy_(found->second);
  }
}

int64_t Sgd::TrainedParameters() const {
  int64_t count = 0;
  for (const Entry& entry : entries_) count += entry.parameter.numel();
  return count;
}

}  // namespace seglab
