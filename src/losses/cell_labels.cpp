#include "losses/cell_labels.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "losses/loss.h"

namespace seglab {
namespace {

/// The pixel of each cell along one side, -1 for cells beyond the image.
std::vector<int64_t> PixelsOfCells(const MapGrid& grid, int64_t cells, int64_t pixels) {
  std::vector<int64_t> found(cells);
  for (int64_t i = 0; i < cells; ++i) {
    const double place = grid.center + static_cast<double>(i) * grid.stride;
    const bool beyond =
        place < -grid.stride / 2 || place > static_cast<double>(pixels - 1) + grid.stride / 2;
    const auto nearest = static_cast<int64_t>(std::floor(place + 0.5));
    found[i] = beyond ? -1 : std::clamp<int64_t>(nearest, 0, pixels - 1);
  }
  return found;
}

/// Picks along one dimension; -1 gives void.
at::Tensor Picked(const at::Tensor& label, int64_t dim, const std::vector<int64_t>& pixels) {
  const at::Tensor index = torch::tensor(pixels).to(label.device());
  const at::Tensor picked = label.index_select(dim, index.clamp_min(0));
  if (std::find(pixels.begin(), pixels.end(), -1) == pixels.end()) return picked;
  std::vector<int64_t> shape(label.dim(), 1);
  shape[dim] = static_cast<int64_t>(pixels.size());
  return picked.masked_fill(index.lt(0).view(shape), kVoidCell);
}

}  // namespace

at::Tensor CellLabels(const at::Tensor& label, const MapGrid& grid, int64_t height, int64_t width) {
  if (grid == MapGrid{} && label.size(1) == height && label.size(2) == width) return label;
  return Picked(Picked(label, 1, PixelsOfCells(grid, height, label.size(1))), 2,
                PixelsOfCells(grid, width, label.size(2)));
}

}  // namespace seglab
