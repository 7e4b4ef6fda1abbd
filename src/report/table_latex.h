#pragma once

#include <string>

#include "report/results.h"

namespace seglab {

/// A table environment for the package booktabs.
std::string TableLatex(const ExperimentResult& result);

}  // namespace seglab
