#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "tensor/map_grid.h"

namespace seglab {

/// Bilinear interpolation of a map at the cells of another one of the same image, rows first, as
/// two matrix products: differentiable with respect to `map` and deterministic on any device.
/// Beyond the outermost cells their values continue.
/// @param map   (N, C, h, w)
/// @param from  where its cells lie
/// @param to    where the cells lie that are asked for; any stride above 0, coarser or finer. No
///              filter goes before a coarser one: cells between its own are skipped
/// @return (N, C, rows, columns); `map` itself where its own cells are asked for
/// @throws Error when the map has not four sides
at::Tensor ResampleToGrid(const at::Tensor& map, const MapGrid& from, const MapGrid& to,
                          int64_t rows, int64_t columns);

}  // namespace seglab
