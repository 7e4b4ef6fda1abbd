#pragma once

#include <string>

#include "report/results.h"

namespace seglab {

/// The section of the page with the score against training time, parameters and MACs, where the
/// runs are compared by them; else empty.
std::string CostSection(const ExperimentResult& result);

}  // namespace seglab
