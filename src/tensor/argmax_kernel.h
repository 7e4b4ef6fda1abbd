#pragma once

#include <cstdint>

namespace seglab {

/// Logits of a run of pixels, class by class: low * upper + high * lower, or upper alone where
/// `lower` is null.
struct LogitRun {
  const float *upper, *lower;
  float low, high;
  int64_t classes;
  int64_t step;  ///< floats from one class to the next
  int64_t count;
};

/// The number of the largest one at each pixel, the first where several are equal. Compiled for
/// several instruction sets, of which the best one is taken at run time.
/// @return whether all logits are finite
bool ArgMaxRun(const LogitRun& run, uint8_t* labels);

}  // namespace seglab
