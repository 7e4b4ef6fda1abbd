#pragma once

#include <memory>
#include <vector>

#include "train/keeping_optimizer.h"

namespace seglab {

/// The members of {"name": "adadelta", ...}, with PyTorch's names and defaults.
struct AdadeltaOptions {
  double rho = 0.9;   ///< of the means of squares, 0 to below 1
  double eps = 1e-6;  ///< added below both roots, above 0
};

/// Adadelta (M. D. Zeiler, arXiv:1212.5701, algorithm 1); as in PyTorch the rate multiplies the
/// step, the paper's is 1:
///   g = gradient + decay * w,  s = rho * s + (1 - rho) * g^2
///   d = sqrt(u + eps) / sqrt(s + eps) * g,  u = rho * u + (1 - rho) * d^2,  w = w - lr * d
class Adadelta : public KeepingOptimizer {
 public:
  Adadelta(std::vector<TrainedParameter> parameters, const TrainOptions& options,
           const AdadeltaOptions& own);

 protected:
  void Apply(std::vector<Change> changes) override;

 private:
  AdadeltaOptions own_;
  std::vector<at::Tensor>&squares_, &updates_;
};

std::unique_ptr<Optimizer> MakeAdadelta(JsonReader& own, const TrainOptions& options,
                                        std::vector<TrainedParameter> parameters);

}  // namespace seglab
