#pragma once

#include <string>
#include <vector>

#include "experiment/plan.h"

namespace seglab {

/// Why a run failed, kept in its folder until it is tried again.
/// @return "" where this run has not failed
std::string ReadFailure(const PlannedRun& run);

/// What cannot be written is not kept: the run is tried again the next time.
void KeepFailure(const PlannedRun& run, const std::string& reason);
void ForgetFailure(const PlannedRun& run);

}  // namespace seglab
