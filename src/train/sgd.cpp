#include "train/sgd.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <map>
#include <utility>

namespace seglab {
namespace {

struct Alike {
  std::vector<at::Tensor> tensors, velocities, gradients;
};

/// Whether the three lie in memory alike, in float32 on the CPU.
bool InOnePass(const at::Tensor& tensor, const at::Tensor& velocity, const at::Tensor& gradient) {
  return tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat &&
         gradient.scalar_type() == at::kFloat && gradient.layout() == at::kStrided &&
         tensor.is_non_overlapping_and_dense() && tensor.strides() == velocity.strides() &&
         tensor.strides() == gradient.strides();
}

/// Reads and writes each number once, where four operators go over them eleven times.
void StepInOnePass(const at::Tensor& tensor, const at::Tensor& velocity, const at::Tensor& gradient,
                   double momentum, double decay, double lr) {
  auto* w = tensor.data_ptr<float>();
  auto* v = velocity.data_ptr<float>();
  const auto* g = gradient.data_ptr<float>();
  const auto m = static_cast<float>(momentum), d = static_cast<float>(decay),
             rate = static_cast<float>(lr);
  constexpr int64_t kAtLeast = 1 << 15;  // numbers of a thread
  at::parallel_for(0, tensor.numel(), kAtLeast, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      v[i] = m * v[i] + rate * (g[i] + d * w[i]);
      w[i] -= v[i];
    }
  });
  // As LibTorch's operators would: whoever keeps something made of the weights sees it.
  tensor.unsafeGetTensorImpl()->bump_version();
  velocity.unsafeGetTensorImpl()->bump_version();
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
    if (InOnePass(tensor, velocity, change.gradient)) {
      StepInOnePass(tensor, velocity, change.gradient, momentum_, parameter.decay, change.lr);
      continue;
    }
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
