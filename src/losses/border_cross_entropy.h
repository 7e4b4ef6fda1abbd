#pragma once

#include "losses/border_weights.h"
#include "losses/loss.h"

namespace seglab {

/// U-Net's loss (Ronneberger et al. 2015, equation 1): softmax cross-entropy of each cell times
/// BorderWeights, over the number of counted cells. Of maps of a lower resolution distances are in
/// their cells.
class BorderCrossEntropy : public Loss {
 public:
  explicit BorderCrossEntropy(BorderWeightOptions options);
  using Loss::Sum;
  at::Tensor Sum(const at::Tensor& logits, const at::Tensor& label) const override;
  at::Tensor Divisor(const at::Tensor& label) const override;

 private:
  BorderWeightOptions options_;
};

}  // namespace seglab
