#pragma once

#include <string>

#include "report/results.h"

namespace seglab {

/// One row per row of the tables, for programs: percent with all digits, empty where a value is
/// undefined, the training time in seconds. Segmentation and pre-training differ in the column
/// `task`.
std::string TableCsv(const ExperimentResult& result);

}  // namespace seglab
