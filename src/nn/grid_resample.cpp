#include "nn/grid_resample.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "tensor/state.h"

namespace seglab {
namespace {

/// Rows to x from: each row's two neighbours by their nearness.
at::Tensor NeighbourMatrix(int64_t from_cells, const MapGrid& from, int64_t to_cells,
                           const MapGrid& to) {
  at::Tensor matrix = at::zeros({to_cells, from_cells}, at::kDouble);
  auto rows = matrix.accessor<double, 2>();
  for (int64_t i = 0; i < to_cells; ++i) {
    const double pixel = to.center + static_cast<double>(i) * to.stride;
    const double place =
        std::clamp((pixel - from.center) / from.stride, 0.0, static_cast<double>(from_cells - 1));
    const auto before = static_cast<int64_t>(std::floor(place));
    const double part = place - static_cast<double>(before);
    rows[i][before] += 1 - part;
    if (part > 0) rows[i][before + 1] += part;
  }
  return matrix;
}

}  // namespace

at::Tensor ResampleToGrid(const at::Tensor& map, const MapGrid& from, const MapGrid& to,
                          int64_t rows, int64_t columns) {
  CheckShape(map, {-1, -1, -1, -1}, "resampling");
  if (from == to && map.size(2) == rows && map.size(3) == columns) return map;
  const at::Tensor down = NeighbourMatrix(map.size(2), from, rows, to).to(map.options());
  const at::Tensor across = NeighbourMatrix(map.size(3), from, columns, to).to(map.options());
  return at::matmul(down, at::matmul(map.contiguous(), across.t()));
}

}  // namespace seglab
