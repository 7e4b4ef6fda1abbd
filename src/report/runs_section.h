#pragma once

#include <string>

#include "report/results.h"

namespace seglab {

/// The section of the page with settings, times and speed of each run; empty without runs.
std::string RunsSection(const ExperimentResult& result);

}  // namespace seglab
