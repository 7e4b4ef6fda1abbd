#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "tensor/enlarged.h"

namespace seglab {

/// The sum of the softmax cross-entropy over the pixels of enlarged scores, without these: each row
/// is made of two widened rows of the map and its gradient goes back to them at once. The same for
/// any number of threads.
/// @param logits         not enlarged yet, on the CPU, at most 255 classes
/// @param label          (N, H, W) of the enlarged size, integers; 255 is not counted
/// @param class_weights  one per class; empty: all 1
/// @return a float32 scalar, differentiable once
/// @throws c10::Error on a label beyond the classes
at::Tensor EnlargedCrossEntropy(const Enlarged& logits, const at::Tensor& label,
                                const std::vector<double>& class_weights);

}  // namespace seglab
