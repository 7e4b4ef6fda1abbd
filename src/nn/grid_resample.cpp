#include "nn/grid_resample.h"

#include "tensor/interpolation.h"

namespace seglab {

at::Tensor ResampleToGrid(const at::Tensor& map, const MapGrid& from, const MapGrid& to,
                          int64_t rows, int64_t columns) {
  const Interpolation made = Interpolation::ToGrid(map, from, to, rows, columns);
  if (from == to && map.size(2) == rows && map.size(3) == columns) return map;
  return Interpolate(map, made);
}

}  // namespace seglab
