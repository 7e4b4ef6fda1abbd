#pragma once

#include <string>

#include "report/results.h"

namespace seglab {

/// One row per row of the tables, for programs: percent with all digits, empty where a value is
/// undefined, times in seconds, costs as they are named in CostRows(). Segmentation and
/// pre-training differ in the column `task`.
std::string TableCsv(const ExperimentResult& result);

}  // namespace seglab
