#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metrics/confusion_matrix.h"

namespace seglab {

/// Warns where scores say less than they seem to: classes without a true pixel, most pixels
/// ignored.
/// @param names    one for each class
/// @param ignored  true pixels that were not counted; -1 = unknown
void WarnOfScores(const ConfusionMatrix& matrix, const std::vector<std::string>& names,
                  int64_t ignored);

}  // namespace seglab
