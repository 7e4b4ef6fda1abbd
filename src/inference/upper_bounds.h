#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "metrics/scores.h"

namespace seglab {

/// The best that a network of an output stride could do without knowing more than it: the scores of
/// the truth itself, made smaller and larger again.
struct UpperBound {
  int factor;
  Scores scores;
};

/// Each cell of factor x factor pixels knows the share of each class in them, and these shares are
/// enlarged bilinearly, as FCN enlarges scores. (Long, Shelhamer, Darrell 2015, section 5, "Upper
/// bounds on IU", which does not say how; of the ways tried, this one is nearest to its figures.)
/// @param factors  1 or more each
/// @return one for each factor
/// @throws Error where the data set has no label maps
std::vector<UpperBound> UpperBounds(std::shared_ptr<const Dataset> dataset,
                                    const std::vector<int>& factors, AbsentPolicy policy,
                                    int threads);

/// A table for people.
std::string UpperBoundsText(const std::vector<UpperBound>& bounds, int64_t images);

}  // namespace seglab
