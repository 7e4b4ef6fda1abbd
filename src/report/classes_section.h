#pragma once

#include <string>

#include "report/results.h"

namespace seglab {

/// The section of the page with classes x rows of the table: intersection over union. Empty where
/// no run has scores of classes.
std::string ClassesSection(const ExperimentResult& result);

}  // namespace seglab
