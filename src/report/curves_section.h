#pragma once

#include <string>

#include "report/results.h"

namespace seglab {

/// The section of the page with loss and score against the iteration, a curve for each run
/// however often it is scored; empty when there is nothing to show.
std::string CurvesSection(const ExperimentResult& result);

}  // namespace seglab
