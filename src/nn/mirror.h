#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace seglab {

/// A map continued beyond its border by mirror images of itself, the outermost cells not repeated:
/// c b | a b c | b a. Unlike LibTorch's reflection by any amount, over and over where it is larger
/// than the map.
/// @param map  (N, C, H, W)
/// @return (N, C, top + H + bottom, left + W + right)
at::Tensor MirrorPad(const at::Tensor& map, int64_t top, int64_t bottom, int64_t left,
                     int64_t right);

}  // namespace seglab
