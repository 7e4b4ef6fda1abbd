#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "inference/predict_options.h"
#include "tensor/enlarged.h"

namespace seglab {

/// Where windows of `size` begin on `length` pixels: `stride` apart, the last one ending with the
/// image. One window, at 0, where the image is no longer than it.
std::vector<int64_t> WindowStarts(int64_t length, int64_t size, int64_t stride);

/// The scores of an image whose windows are scored one after the other; where windows overlap,
/// the mean of their scores. An image that fits into one window is scored as a whole.
/// @param input  (N, C, H, W)
/// @param score  (N, C, h, w) -> (N, classes, h, w)
/// @return (N, classes, H, W), of windows float32
Enlarged ScoreWindows(const at::Tensor& input, const WindowOptions& options,
                      const std::function<Enlarged(const at::Tensor&)>& score);

}  // namespace seglab
