#pragma once

#include <string>

#include "report/results.h"

namespace seglab {

// Sections of the page; each is empty when there is nothing to show.

/// Ours beside the paper's.
std::string ResultsSection(const ExperimentResult& result);
/// Classes x groups: intersection over union.
std::string ClassesSection(const ExperimentResult& result);
/// Settings, time and speed of each run.
std::string RunsSection(const ExperimentResult& result);

}  // namespace seglab
