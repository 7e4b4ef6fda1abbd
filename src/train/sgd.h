#pragma once

#include <memory>
#include <vector>

#include "train/optimizer.h"

namespace seglab {

/// Stochastic gradient descent with momentum in Caffe's form, which the papers' recipes mean:
///   v = momentum * v + lr * (gradient + decay * w),  w = w - v.
class Sgd : public Optimizer {
 public:
  Sgd(std::vector<TrainedParameter> parameters, const TrainOptions& options);
  NamedTensors State() const override { return Named("momentum", velocity_); }
  void LoadState(const NamedTensors& state) override { Restore("momentum", state, velocity_); }

 protected:
  void Apply(std::vector<Change> changes) override;

 private:
  double momentum_;
  std::vector<at::Tensor> velocity_;
};

/// It has no options of its own: train.momentum is its.
std::unique_ptr<Optimizer> MakeSgd(JsonReader& own, const TrainOptions& options,
                                   std::vector<TrainedParameter> parameters);

}  // namespace seglab
