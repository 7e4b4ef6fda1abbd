#pragma once

#include "losses/loss.h"

namespace seglab {

/// Lovasz-Softmax (Berman et al., "The Lovasz-Softmax loss", CVPR 2018, arXiv 1705.08790): the
/// convex extension of 1 - IoU to soft predictions, of each image the mean over the classes that
/// occur in its truth. The mean over the images in which a cell counts. On predictions of 0 and 1
/// it is 1 - IoU.
class Lovasz : public Loss {
 public:
  using Loss::Sum;
  at::Tensor Sum(const at::Tensor& logits, const at::Tensor& label) const override;
  at::Tensor Divisor(const at::Tensor& label) const override;
};

}  // namespace seglab
