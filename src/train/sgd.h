#pragma once

#include <string>
#include <vector>

#include "tensor/tensor_file.h"
#include "train/options.h"

namespace torch::nn {
class Module;
}

namespace seglab {

/// Stochastic gradient descent with momentum in Caffe's form, which the papers' recipes mean:
///   v = momentum * v + lr * (gradient + decay * w),  w = w - v.
/// Each parameter has its own factors on rate and decay; biases and the one-dimensional parameters
/// of batch norm count as biases for the decay, only biases for the rate.
class Sgd {
 public:
  /// Freezes what `options.only` leaves out (no gradient is computed for it).
  /// @throws Error when a prefix of `only` or `groups` fits no parameter
  Sgd(torch::nn::Module& module, const TrainOptions& options);

  /// One step with rate lr on the gradients divided by options.accumulate; the gradients are
  /// cleared.
  void Step(double lr);

  /// The momentum buffers by parameter name.
  NamedTensors State() const;
  /// @throws Error when a buffer is missing or mis-shaped
  void LoadState(const NamedTensors& state);

  int64_t TrainedParameters() const;

 private:
  struct Entry {
    std::string name;
    at::Tensor parameter;
    at::Tensor velocity;
    double lr;     ///< factor
    double decay;  ///< factor
  };
  void ClipGradients();

  TrainOptions options_;
  std::vector<Entry> entries_;
};

}  // namespace seglab
