#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "tensor/map_grid.h"

// Linear interpolation of maps, rows and columns apart. All that is enlarged, from scores to the
// images of an input pyramid, is enlarged here.
namespace seglab {

/// Along one side: value o of the result is low[o] * in[first[o]] + high[o] * in[first[o] + 1].
/// Where first[o] is the last one, high[o] is 0.
struct LinearTaps {
  int64_t in = 0;
  std::vector<int64_t> first;
  std::vector<double> low, high;

  int64_t out() const { return static_cast<int64_t>(first.size()); }
  void Add(int64_t at, double low_weight, double high_weight);
  /// (out, in), double
  at::Tensor Matrix() const;
};

/// How a map's cells make the cells of another one.
struct Interpolation {
  LinearTaps rows, columns;
  enum class Kind {
    kGeneral,
    kEdges,    ///< at::upsample_bilinear2d, the outer edges of the outermost cells aligned
    kCorners,  ///< the same, the middles of the outermost cells aligned
  };
  Kind kind = Kind::kGeneral;

  /// To a size, as torchvision's and PyTorch's `interpolate` (mode bilinear).
  /// @param kind  kEdges, or kCorners (align_corners)
  static Interpolation Resize(const at::Tensor& map, int64_t to_height, int64_t to_width,
                              Kind kind = Kind::kEdges);

  /// To the cells of another map of the same image. Beyond the outermost cells their values
  /// continue.
  /// @param from  where the cells of `map`, (N, C, h, w), lie
  /// @param to    where the cells lie that are asked for; any stride above 0, coarser or finer. No
  ///              filter goes before a coarser one: cells between its own are skipped
  static Interpolation ToGrid(const at::Tensor& map, const MapGrid& from, const MapGrid& to,
                              int64_t to_height, int64_t to_width);
};

/// The other map. On the CPU in float32 by a kernel of ours, else by LibTorch; deterministic but
/// for a Resize's gradient on a GPU, and independent of the number of threads.
/// @param map  (N, C, h, w) of the sides that `to` is made for; differentiable
/// @return (N, C, rows.out(), columns.out())
/// @throws Error where the map has other sides
at::Tensor Interpolate(const at::Tensor& map, const Interpolation& to);

}  // namespace seglab
