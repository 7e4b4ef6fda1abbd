#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/results.h"

namespace seglab {

/// Pixels by true class (rows) and what was said (columns).
using Confusion = std::vector<std::vector<int64_t>>;

/// That of an evaluation's scores; empty where it is not there or not square.
Confusion ConfusionOf(const Json& metrics);

/// The section "Confusions" of the row with the best mean IU: what is taken for what, most first,
/// and, of few classes, the whole matrix. "" where nothing is confused.
std::string ConfusionSection(const ExperimentResult& result);

}  // namespace seglab
