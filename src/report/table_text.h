#pragma once

#include <string>

#include "report/results.h"

namespace seglab {

/// Both tables for the terminal.
std::string TableText(const ExperimentResult& result);

}  // namespace seglab
