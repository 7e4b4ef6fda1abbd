#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace seglab {

/// Max unpooling: each value goes back to where its pool found it, all other cells are 0 (M.
/// Zeiler, D. Krishnan, G. Taylor, R. Fergus 2010; SegNet, arXiv:1511.00561, section 3.1). On
/// the CPU it keeps channels-last memory and bfloat16, forward and backward, which
/// at::max_unpool2d does not; elsewhere it is that.
/// @param x        (N, C, h, w)
/// @param indices  of x's shape, int64: row * `width` + column, each within height * width. No two
///                 cells of a channel may have one index, as those of overlapping pools may: what
///                 stands there would be the later one's, and the gradient both's
/// @return (N, C, height, width) of x's type
/// @throws Error when the shapes differ or an index lies outside
at::Tensor MaxUnpool(const at::Tensor& x, const at::Tensor& indices, int64_t height, int64_t width);

/// Indices that put cell (i, j) at (2 i, 2 j): with them MaxUnpool is the bed of nails.
/// @param x  (N, C, h, w)
/// @return of x's shape and memory format
at::Tensor NailIndices(const at::Tensor& x, int64_t width);

}  // namespace seglab
