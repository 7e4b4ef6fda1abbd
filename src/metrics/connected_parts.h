#pragma once

#include <cstdint>
#include <vector>

namespace seglab {

/// Tells the connected parts of a set of pixels apart; pixels are connected over their sides.
/// @param set  height x width, not 0 in the set
/// @return height x width: 1, 2, ... in the order of each part's first pixel, row by row; 0 outside
std::vector<int32_t> ConnectedParts(const std::vector<uint8_t>& set, int64_t height, int64_t width);

/// Lets parts grow until they touch: a pixel of `open` that belongs to none gets the number of the
/// nearest, in steps over sides through `open`, and of equally near ones the lowest. What no part
/// reaches stays 0. Over sides alone, so that no part slips through a boundary at its corners.
/// @param parts  height x width, as of ConnectedParts
void GrowParts(std::vector<int32_t>& parts, const std::vector<uint8_t>& open, int64_t height,
               int64_t width);

}  // namespace seglab
