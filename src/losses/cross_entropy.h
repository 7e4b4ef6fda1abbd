#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "base/json.h"

namespace seglab {

/// Softmax cross-entropy over the classes of each pixel.
struct CrossEntropyOptions {
  /// "mean": over the counted pixels (weighted by class when there are weights); "sum": FCN's
  /// unnormalised loss (SoftmaxWithLoss, normalize: false).
  std::string reduction = "mean";
  std::vector<double> class_weights;  ///< one per class; empty = all 1
  static CrossEntropyOptions FromJson(const Json& json, const std::string& path);
};

/// @param logits  (N, C, H, W), or (N, C) for classification; computed in float32 or wider
/// @param label   (N, H, W) or (N), uint8 or int64; 255 is not counted
/// @return a scalar; 0 with a zero gradient when no pixel counts
at::Tensor CrossEntropy(const at::Tensor& logits, const at::Tensor& label,
                        const CrossEntropyOptions& options);

}  // namespace seglab
