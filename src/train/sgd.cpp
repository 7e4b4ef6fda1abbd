#include "train/sgd.h"

#include <torch/torch.h>

#include <array>
#include <map>
#include <utility>

#include "train/one_pass.h"

namespace seglab {
namespace {

struct Alike {
  std::vector<at::Tensor> tensors, velocities, gradients;
};

/// @return false where it cannot be done
bool SgdInOnePass(const std::array<at::Tensor, 3>& tensors, double momentum, double decay,
                  double lr) {
  return InOnePass<3>(tensors, [=]<typename T>(const std::array<T*, 3>& at, int64_t i) {
    const T m = static_cast<T>(momentum), d = static_cast<T>(decay), rate = static_cast<T>(lr);
    at[2][i] = m * at[2][i] + rate * (at[0][i] + d * at[1][i]);
    at[1][i] -= at[2][i];
  });
}

}  // namespace

Sgd::Sgd(std::vector<TrainedParameter> parameters, const TrainOptions& options)
    : Optimizer(std::move(parameters), options), momentum_(options.momentum) {
  for (const TrainedParameter& parameter : this->parameters())
    velocity_.push_back(at::zeros_like(parameter.tensor));
}

void Sgd::Apply(std::vector<Change> changes) {
  // By rate and decay, for the operators that take many tensors at once.
  std::map<std::pair<double, double>, Alike> groups;
  for (Change& change : changes) {
    const TrainedParameter& parameter = parameters()[change.index];
    const at::Tensor &tensor = parameter.tensor, &velocity = velocity_[change.index];
    if (SgdInOnePass({change.gradient, tensor, velocity}, momentum_, parameter.decay, change.lr))
      continue;
    Alike& group = groups[{change.lr, parameter.decay}];
    group.tensors.push_back(tensor);
    group.velocities.push_back(velocity);
    group.gradients.push_back(std::move(change.gradient));
  }
  for (auto& [lr_and_decay, group] : groups) {
    const auto& [lr, decay] = lr_and_decay;
    if (decay != 0) at::_foreach_add_(group.gradients, group.tensors, decay);
    at::_foreach_mul_(group.velocities, momentum_);
    at::_foreach_add_(group.velocities, group.gradients, lr);
    at::_foreach_sub_(group.tensors, group.velocities);
  }
}

std::unique_ptr<Optimizer> MakeSgd(JsonReader&, const TrainOptions& options,
                                   std::vector<TrainedParameter> parameters) {
  return std::make_unique<Sgd>(std::move(parameters), options);
}

}  // namespace seglab
