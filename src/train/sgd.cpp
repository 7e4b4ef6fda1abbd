#include "train/sgd.h"

#include <torch/torch.h>

#include <utility>

namespace seglab {

Sgd::Sgd(std::vector<TrainedParameter> parameters, const TrainOptions& options)
    : Optimizer(std::move(parameters), options), momentum_(options.momentum) {
  for (const TrainedParameter& parameter : this->parameters())
    velocity_.push_back(at::zeros_like(parameter.tensor));
}

void Sgd::Update(size_t index, at::Tensor& gradient, double lr) {
  const TrainedParameter& parameter = parameters()[index];
  at::Tensor tensor = parameter.tensor;
  if (parameter.decay != 0) gradient.add_(tensor, parameter.decay);
  velocity_[index].mul_(momentum_).add_(gradient, lr);
  tensor.sub_(velocity_[index]);
}

std::unique_ptr<Optimizer> MakeSgd(JsonReader&, const TrainOptions& options,
                                   std::vector<TrainedParameter> parameters) {
  return std::make_unique<Sgd>(std::move(parameters), options);
}

}  // namespace seglab
