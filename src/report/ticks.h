#pragma once

#include <string>
#include <vector>

// The numbers along the axes of plots.
namespace seglab {

/// Round numbers (1, 2 or 5 times a power of ten apart), about `count` of them, from the last one
/// at or below `low` to the first one at or above `high`.
std::vector<double> RoundTicks(double low, double high, int count);

/// 1, 2, 5, 10, 20 ... or, over more than two decades, powers of ten; around low..high, which must
/// be positive.
std::vector<double> LogTicks(double low, double high);

/// "0.25", "400", "20k", "1.5M".
std::string FormatTick(double value);

}  // namespace seglab
