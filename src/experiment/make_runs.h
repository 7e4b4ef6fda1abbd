#pragma once

#include <string>
#include <vector>

#include "experiment/plan.h"
#include "experiment/runner.h"

namespace seglab {

/// Makes the runs of a plan, together with any other processes that work on the same folder, until
/// none is left that can be made; the report is written behind each. A run that fails stops no
/// other; in a group of processes, which wait for each other, it ends the job.
/// @param plan    that says at the end how each run stands
/// @param folder  of the experiment
/// @throws Stopped, GroupLost, Error where the folder cannot be worked in
void MakeRuns(const Experiment& experiment, std::vector<PlannedRun>& plan,
              const std::string& folder, const RunnerOptions& options);

}  // namespace seglab
