#include "train/parameters.h"

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

std::vector<TrainedParameter> ChooseParameters(torch::nn::Module& module,
                                               const TrainOptions& options) {
  const auto parameters = module.named_parameters();
  const std::vector<std::string> names = parameters.keys();
  for (const std::string& prefix : options.only) CheckPrefix(prefix, names, "train.only");
  for (const RateGroup& group : options.groups) CheckPrefix(group.prefix, names, "train.groups");

  std::vector<TrainedParameter> chosen;
  for (const auto& item : parameters) {
    const std::string& name = item.key();
    at::Tensor tensor = item.value();
    const bool trained = options.only.empty() || HasAnyPrefix(name, options.only);
    tensor.set_requires_grad(trained);
    if (!trained) continue;
    double lr = 1, decay = 1;
    for (const RateGroup& group : options.groups) {
      if (!HasPrefix(name, group.prefix)) continue;
      lr = group.lr;
      decay = group.decay;
    }
    if (IsBias(name)) lr *= options.bias_lr;
    if (tensor.dim() <= 1) decay *= options.bias_decay;
    chosen.push_back({name, tensor, lr, options.weight_decay * decay});
  }
  return chosen;
}

void ClipGradients(const std::vector<TrainedParameter>& parameters, double largest) {
  double squares = 0;
  for (const TrainedParameter& parameter : parameters) {
    const at::Tensor& gradient = parameter.tensor.grad();
    if (gradient.defined()) squares += gradient.pow(2).sum().item<double>();
  }
  const double norm = std::sqrt(squares);
  if (!(norm > largest)) return;
  for (const TrainedParameter& parameter : parameters) {
    if (parameter.tensor.grad().defined()) parameter.tensor.mutable_grad().mul_(largest / norm);
  }
}

int64_t CountNumbers(const std::vector<TrainedParameter>& parameters) {
  int64_t count = 0;
  for (const TrainedParameter& parameter : parameters) count += parameter.tensor.numel();
  return count;
}

}  // namespace seglab
