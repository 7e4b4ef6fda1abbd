#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "tensor/tensor_file.h"

// How a classifier's fc6 and fc7 start convolutions, which may be smaller, as DeepLab's are:
//   - a matrix becomes the kernel of as many taps as it has columns a channel (section 4.1 of FCN);
//   - of fc6's window every s-th row and column is kept: 7x7 becomes 4x4 (s = 2) or 3x3 (s = 3); a
//     window that has no such s stays as it is, and does not fit;
//   - of the channels as many as fit, evenly spread: every fourth where 4096 become 1024; fc7 loses
//     the columns of the channels that fc6 has lost. DeepLab draws them at random
//     (arXiv:1606.00915, section 4.1.1); evenly spread ones are the same in every run.
namespace seglab {

/// fc6 and fc7 of the network that is started.
struct FcShape {
  int64_t in = 512;      ///< channels of fc6's input
  int64_t kernel = 7;    ///< side of its window
  int64_t width = 4096;  ///< channels of both
};

/// fc6's weight. @param weight  (width, in * k * k) or (width, in, k, k)
at::Tensor Fc6Weight(const at::Tensor& weight, const FcShape& shape);
/// fc7's weight. @param weight  (width, width) or (width, width, 1, 1)
at::Tensor Fc7Weight(const at::Tensor& weight, const FcShape& shape);
/// The bias of either. @param bias  (width)
at::Tensor FcBias(const at::Tensor& bias, const FcShape& shape);

/// fc6 and fc7 in `source`, as far as they are there, as "fc6.weight", "fc6.bias" and so on.
/// @param fc6, fc7  names of the layers there: "classifier.0", "classifier.3"
NamedTensors FcStart(const NamedTensors& source, const std::string& fc6, const std::string& fc7,
                     const FcShape& shape);

}  // namespace seglab
