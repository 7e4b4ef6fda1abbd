#include "models/multi_scale.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "nn/grid_resample.h"

namespace seglab {
namespace {

constexpr double kSmallest = 0.1, kLargest = 4;

/// Pixels of a side of n pixels, so that the last one does not lie beyond the image. Products such
/// as 10 * 0.7, of which the rounding decides, count as the whole numbers they are meant to be.
int64_t ScaledSide(int64_t n, double scale) {
  return static_cast<int64_t>(std::floor(static_cast<double>(n - 1) * scale + 1e-9)) + 1;
}

/// The image's scaled pixels, in pixels of the image.
MapGrid PixelsAt(double scale) { return {1 / scale, 0}; }

/// A map of the scaled image, in pixels of the image.
MapGrid CellsAt(const MapGrid& grid, double scale) {
  return {grid.stride / scale, grid.center / scale};
}

}  // namespace

void MultiScaleOptions::Check(const std::string& where) const {
  if (scales.empty()) return;
  for (double scale : scales) {
    if (scale >= kSmallest && scale <= kLargest) continue;
    throw Error(where, ".scales: must be between ", Json(kSmallest), " and ", Json(kLargest),
                ", found ", Json(scale));
  }
  if (std::set<double>(scales.begin(), scales.end()).size() != scales.size())
    throw Error(where, ".scales: has a scale twice; leave one of them out");
  if (std::find(scales.begin(), scales.end(), 1.0) == scales.end())
    throw Error(where, ".scales: must hold 1, on whose map the others are compared; add it");
}

SegOutput ScoresAtScales(const at::Tensor& image, const MultiScaleOptions& options,
                         const MapGrid& grid, bool training, const ScoreFunction& scores) {
  const int64_t height = image.size(2), width = image.size(3);
  const std::vector<double> scales =
      options.scales.empty() ? std::vector<double>{1} : options.scales;
  std::vector<ScoreMap> maps;
  at::Tensor whole;  // of scale 1
  for (double scale : scales) {
    const at::Tensor scaled = ResampleToGrid(image, {}, PixelsAt(scale), ScaledSide(height, scale),
                                             ScaledSide(width, scale));
    maps.push_back({scores(scaled), CellsAt(grid, scale), 1});
    if (scale == 1) whole = maps.back().logits.Values();
  }
  at::Tensor largest;
  for (const ScoreMap& map : maps) {
    const at::Tensor on_grid =
        ResampleToGrid(map.logits, map.grid, grid, whole.size(2), whole.size(3));
    largest = largest.defined() ? at::maximum(largest, on_grid) : on_grid;
  }
  SegOutput output;
  output.logits = {largest, Interpolation::ToGrid(largest, grid, {}, height, width)};
  if (!training) return output;
  if (maps.size() > 1) maps.push_back({largest, grid, 1});
  output.train_on = std::move(maps);
  return output;
}

}  // namespace seglab
