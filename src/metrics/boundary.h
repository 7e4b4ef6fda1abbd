#pragma once

#include <cstdint>
#include <vector>

namespace seglab {

/// How far each pixel lies from a boundary of a label map: the squared Euclidean distance, in
/// pixels, to the nearest pixel that has another label beside it, above or below; 0 there. Void is
/// a label too: objects end at it. (The exact transform of P. Felzenszwalb and D. Huttenlocher,
/// "Distance Transforms of Sampled Functions", Theory of Computing 2012.)
/// @param labels  height x width
/// @return height x width; kNoBoundary everywhere where the map has one label
std::vector<int64_t> SquaredBoundaryDistances(const uint8_t* labels, int64_t height, int64_t width);

/// The squared distance of each pixel to the nearest that is not 0 in `set`; kNoBoundary everywhere
/// where there is none.
std::vector<int64_t> SquaredDistancesTo(const std::vector<uint8_t>& set, int64_t height,
                                        int64_t width);

inline constexpr int64_t kNoBoundary = int64_t{1} << 60;

}  // namespace seglab
