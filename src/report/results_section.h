#pragma once

#include <string>

#include "report/results.h"

namespace seglab {

/// The section of the page with the tables: ours beside the paper's.
std::string ResultsSection(const ExperimentResult& result);

}  // namespace seglab
