#pragma once

namespace seglab {

// Ranges of the options that optimisers have of their own.

inline constexpr double kBelowOne = 0.999999999;  ///< the largest decay of a moving average
/// Added to roots that gradients are divided by. Without it a weight whose gradients were all 0
/// would become 0 / 0; less is 0 in float32.
inline constexpr double kLeastEps = 1e-30, kLargestEps = 1e3;

}  // namespace seglab
