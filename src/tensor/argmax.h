#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "tensor/enlarged.h"

namespace seglab {

/// The class of the largest logit at each pixel; the first one where several are equal.
/// @param logits  (N, C, H, W) or (N, C), at most 256 classes, float types
/// @param name    of what they are of, for the error
/// @return (N, H, W) or (N) uint8, on the CPU
/// @throws Error when a logit is not finite: the labels would be those of chance
at::Tensor ArgMaxLabels(const at::Tensor& logits, const std::string& name = "image");

/// The same labels, on the CPU without the enlarged logits, whose memory is that of all classes.
at::Tensor ArgMaxLabels(const Enlarged& logits, const std::string& name = "image");

}  // namespace seglab
