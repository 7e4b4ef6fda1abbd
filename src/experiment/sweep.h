#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "report/results.h"

namespace seglab {

/// One combination of a sweep.
struct SweepPoint {
  std::vector<std::pair<std::string, Json>> values;             ///< of keys of the runs
  std::vector<std::pair<std::string, const Json*>> variants;    ///< by name
  std::vector<std::pair<std::string, std::string>> name_parts;  ///< key and text, in order

  /// " [vgg16, seed=2]"
  std::string Suffix(bool with_seed) const;
  /// {"backbone", "vgg16"}: the parts without the seed.
  std::vector<Factor> Factors() const;
};

/// Runs of an experiment: each is planned, named and reported by itself.
inline constexpr size_t kMostRuns = 1000;

/// All combinations of a sweep, the first key slowest. The points refer to `sweep`.
/// @param entries  runs at each point; those of all points are kMostRuns at most
/// @throws Error where it is no object of lists of values and of named variants, or too large
std::vector<SweepPoint> SweepPoints(const Json& sweep, const std::string& path, size_t entries = 1);

}  // namespace seglab
