#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "crf/dense_crf.h"

namespace seglab {

/// A dense CRF as the last step of a prediction.
class CrfStep {
 public:
  /// @throws Error when the options are wrong
  explicit CrfStep(const CrfOptions& options);

  /// @param image   (N, H, W, 3) uint8 on the CPU, R G B
  /// @param scores  (N, classes, H, W) float32: logits, or logarithms of probabilities
  /// @param name    of the image, for errors
  /// @return the logarithms of Q, of the scores' shape, on the CPU; at least log 1e-30
  at::Tensor Refine(const at::Tensor& image, const at::Tensor& scores, const std::string& name);

 private:
  DenseCrf crf_;
};

}  // namespace seglab
