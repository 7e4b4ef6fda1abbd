#pragma once

#include <cstdint>
#include <functional>

#include "data/dataset.h"

namespace seglab {

/// A place in an image, in 256ths of a pixel; (0, 0) is the centre of the first pixel.
struct Place {
  int32_t x = 0, y = 0;
};

inline constexpr int kPlacesPerPixel = 256;

/// The nearest such place on an axis. @param pixels  at most 4,000,000 on either side of 0
inline int32_t PlaceOf(double pixels) {
  // Truncated above zero, which the compiler makes vectors of; lrint is a call.
  constexpr int32_t kAboveZero = 1 << 30;
  return static_cast<int32_t>(pixels * kPlacesPerPixel + (kAboveZero + 0.5)) - kAboveZero;
}

/// What lies beyond the image's edge.
enum class WarpBorder {
  kFill,    ///< a pixel whose nearest one is outside gets the fill color, and void as its label
  kMirror,  ///< the image mirrored at its outermost pixels, again and again: 2 1 | 0 1 2 3 | 2 1
};

/// Where the pixels of row y of the result come from, one place for each column.
using WarpRow = std::function<void(int y, Place* places)>;

/// Makes each pixel anew from the place that it comes from: image bilinear, label nearest, of one
/// and the same place, so that both move together. In whole numbers: the same pixels everywhere.
/// The size stays; what the sample had is not written to.
/// @param fill  for kFill
void Warp(Sample& sample, const WarpRow& row, WarpBorder border, const Color& fill);

/// Turns around the centre, the size stays. Half turns, and quarter turns of a square, move whole
/// pixels.
/// @param degrees  counter-clockwise
void Rotate(Sample& sample, double degrees, WarpBorder border, const Color& fill);

}  // namespace seglab
