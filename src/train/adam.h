#pragma once

#include <memory>
#include <vector>

#include "train/keeping_optimizer.h"

namespace seglab {

/// The members of {"name": "adam", ...} and "adamw", with PyTorch's names and defaults.
struct AdamOptions {
  double beta1 = 0.9;    ///< of the mean of gradients, 0 to below 1
  double beta2 = 0.999;  ///< of the mean of their squares, 0 to below 1
  double eps = 1e-8;     ///< added to the root, above 0
  bool amsgrad = false;  ///< the largest mean of squares so far counts, not the last
  /// AdamW: weights decay by themselves; else the decay is part of the gradient.
  bool decoupled = false;
};

/// Adam (D. P. Kingma and J. Ba, ICLR 2015, arXiv:1412.6980, algorithm 1), its AMSGrad (S. J. Reddi
/// et al., ICLR 2018, arXiv:1904.09237, algorithm 2) and AdamW (I. Loshchilov and F. Hutter, ICLR
/// 2019, arXiv:1711.05101, algorithm 2), in PyTorch's form:
///   g = gradient + decay * w                       (AdamW: w = w - lr * decay * w)
///   m = beta1 * m + (1 - beta1) * g,  v = beta2 * v + (1 - beta2) * g^2
///   w = w - lr * m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps)
class Adam : public KeepingOptimizer {
 public:
  Adam(std::vector<TrainedParameter> parameters, const TrainOptions& options,
       const AdamOptions& own);

 protected:
  void Apply(std::vector<Change> changes) override;

 private:
  AdamOptions own_;
  std::vector<at::Tensor>&steps_, &means_, &squares_;
  std::vector<at::Tensor>* largest_;  ///< nullptr without amsgrad
};

std::unique_ptr<Optimizer> MakeAdam(JsonReader& own, const TrainOptions& options,
                                    std::vector<TrainedParameter> parameters);
std::unique_ptr<Optimizer> MakeAdamW(JsonReader& own, const TrainOptions& options,
                                     std::vector<TrainedParameter> parameters);

}  // namespace seglab
