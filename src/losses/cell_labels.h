#pragma once

#include <ATen/core/Tensor.h>

#include "tensor/map_grid.h"

namespace seglab {

/// The labels of the cells of a score map: each takes the pixel nearest to its centre (of two the
/// lower or right one). Cells whose centres lie beyond the image by more than half a stride are
/// void (255).
/// @param label  (N, H, W)
/// @param grid   where the cells lie
/// @return (N, height, width) of the label's type; the label itself where each pixel is a cell
at::Tensor CellLabels(const at::Tensor& label, const MapGrid& grid, int64_t height, int64_t width);

}  // namespace seglab
