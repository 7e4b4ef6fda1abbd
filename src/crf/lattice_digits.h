#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace seglab {

/// A vertex has d + 1 whole coordinates that sum to zero; the first d of them, each within bounds
/// that leave room for neighbours, are the digits of its key. Steps along an axis are additions.
struct LatticeDigits {
  std::vector<int64_t> least;     ///< of each coordinate
  std::vector<long double> size;  ///< how many values each has
  long double count = 1;          ///< the product

  /// @param low, high  bounds of each of d features
  LatticeDigits(std::span<const float> low, std::span<const float> high);

  /// Whether keys fit into 64 bits, into 128.
  bool AreNarrow() const { return count < 0x1p63L; }
  bool Fit() const { return count < 0x1p126L; }
};

}  // namespace seglab
