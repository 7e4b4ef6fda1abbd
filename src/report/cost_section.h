#pragma once

#include <string>

#include "report/results.h"

namespace seglab {

// A section of the page, empty when there is nothing to show.
/// Score against training time and parameters, where the runs are compared by them.
std::string CostSection(const ExperimentResult& result);

}  // namespace seglab
