#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "tensor/tensor_file.h"

namespace torch::nn {
class Module;
}

namespace seglab {

/// Exponential moving averages of a network's weights, which often score better than the last ones:
/// B. T. Polyak and A. B. Juditsky 1992; with a decay, T. Salimans et al. 2016 (arXiv:1606.03498)
/// and many since. After step n (from 1)
///   average = d * average + (1 - d) * weights,  d = min(decay, (1 + n) / (10 + n)),
/// where the second term, TensorFlow's, lets fresh weights be forgotten soon.
///
/// Averaged are the parameters that are trained and floating buffers, batch norm's statistics.
/// Frozen parameters and whole numbers are the network's own.
class WeightAverage {
 public:
  /// Begins with the weights as they are. @param decay  above 0, below 1
  WeightAverage(const torch::nn::Module& module, double decay);

  /// Takes the weights after a step in. @param step  steps done, 1 or more
  void Update(int64_t step);

  /// Swaps the numbers of weights and averages: the network is the averaged one until the next
  /// call.
  void Exchange();

  /// By the weights' names; the tensors are shared, not copied.
  const NamedTensors& State() const { return averages_; }
  /// @throws Error when a tensor is missing or mis-shaped
  void LoadState(const NamedTensors& state);

 private:
  double decay_;
  NamedTensors weights_, averages_;  ///< in the same order
};

/// The network is the averaged one for as long as this lives.
class AveragedWeights {
 public:
  /// @param average  nullptr: there is none, and nothing happens
  explicit AveragedWeights(WeightAverage* average) : average_(average) {
    if (average_ != nullptr) average_->Exchange();
  }
  ~AveragedWeights() {
    if (average_ != nullptr) average_->Exchange();
  }
  AveragedWeights(const AveragedWeights&) = delete;
  AveragedWeights& operator=(const AveragedWeights&) = delete;

 private:
  WeightAverage* average_;
};

}  // namespace seglab
