#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "train/options.h"

namespace torch::nn {
class Module;
}

namespace seglab {

/// A parameter that is trained.
struct TrainedParameter {
  std::string name;
  at::Tensor tensor;
  double lr = 1;     ///< factor on the rate
  double decay = 0;  ///< weight decay
};

/// The parameters that `options` train, with the factors of their groups; freezes what
/// `options.only` leaves out (no gradient is computed for it). Biases and the one-dimensional
/// parameters of batch norm count as biases for the decay, only biases for the rate.
/// @throws Error when a prefix of `only` or `groups` fits no parameter
std::vector<TrainedParameter> ChooseParameters(torch::nn::Module& module,
                                               const TrainOptions& options);

/// Scales all gradients down to an L2 norm of `largest` together; smaller ones stay.
void ClipGradients(const std::vector<TrainedParameter>& parameters, double largest);

/// How many numbers are trained.
int64_t CountNumbers(const std::vector<TrainedParameter>& parameters);

}  // namespace seglab
