#pragma once

#include <ATen/core/Tensor.h>

namespace seglab {

/// The class of the largest logit at each pixel; the first one where several are equal.
/// @param logits  (N, C, H, W) or (N, C), at most 256 classes, float types
/// @return (N, H, W) or (N) uint8, on the CPU
at::Tensor ArgMaxLabels(const at::Tensor& logits);

}  // namespace seglab
