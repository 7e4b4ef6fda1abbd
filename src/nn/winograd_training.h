#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace seglab {

/// WinogradConv with gradients, themselves by Winograd's filtering.
/// @param weight   (out, in, 3, 3)
/// @param padding  at most 2 dilation
at::Tensor WinogradConvInTraining(const at::Tensor& input, const at::Tensor& weight,
                                  const at::Tensor& bias, int64_t padding, int64_t dilation);

}  // namespace seglab
