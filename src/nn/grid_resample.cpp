#include "nn/grid_resample.h"

#include "tensor/interpolation.h"
#include "tensor/state.h"

namespace seglab {

at::Tensor ResampleToGrid(const at::Tensor& map, const MapGrid& from, const MapGrid& to,
                          int64_t rows, int64_t columns) {
  CheckShape(map, {-1, -1, -1, -1}, "resampling");
  if (from == to && map.size(2) == rows && map.size(3) == columns) return map;
  return Interpolate(map, Interpolation::ToGrid(map, from, to, rows, columns));
}

}  // namespace seglab
