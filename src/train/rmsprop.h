#pragma once

#include <memory>
#include <vector>

#include "train/keeping_optimizer.h"

namespace seglab {

/// The members of {"name": "rmsprop", ...}, with PyTorch's names and defaults.
struct RmspropOptions {
  double alpha = 0.99;    ///< of the mean of squares, 0 to below 1
  double eps = 1e-8;      ///< added to the root, above 0
  double momentum = 0;    ///< 0 to below 1
  bool centered = false;  ///< the variance counts, not the mean of squares
};

/// RMSprop (T. Tieleman and G. Hinton, Coursera lecture 6.5, 2012), centred as by A. Graves
/// (arXiv:1308.0850, equations 38 to 45), in PyTorch's form:
///   g = gradient + decay * w,  s = alpha * s + (1 - alpha) * g^2
///   b = momentum * b + g / (sqrt(s) + eps),  w = w - lr * b
/// Centred, a = alpha * a + (1 - alpha) * g, and the root is of s - a^2, which rounding does not
/// take below 0 here.
class Rmsprop : public KeepingOptimizer {
 public:
  Rmsprop(std::vector<TrainedParameter> parameters, const TrainOptions& options,
          const RmspropOptions& own);

 protected:
  void Apply(std::vector<Change> changes) override;

 private:
  RmspropOptions own_;
  std::vector<at::Tensor>& squares_;
  std::vector<at::Tensor>*means_, *velocities_;  ///< nullptr where they are not needed
};

std::unique_ptr<Optimizer> MakeRmsprop(JsonReader& own, const TrainOptions& options,
                                       std::vector<TrainedParameter> parameters);

}  // namespace seglab
