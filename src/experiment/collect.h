#pragma once

#include <string>
#include <vector>

#include "experiment/plan.h"
#include "report/results.h"

namespace seglab {

/// What has come of the runs of an experiment so far.
/// @param folder   of the experiment
/// @param command  what the user typed, for the report
/// @throws Error where a run's results are damaged
ExperimentResult CollectResults(const Experiment& experiment, const std::vector<PlannedRun>& plan,
                                const std::string& folder, const std::string& command);

/// How a run that is not finished stands. One that waits for one that failed does not wait: it is
/// left out.
UnfinishedRun StateOf(const PlannedRun& run, const std::vector<PlannedRun>& plan);

/// A single run's folder, as `train` leaves it, as an experiment of one run.
/// @throws Error where it is not finished
ExperimentResult ResultOfRunFolder(const std::string& folder, const std::string& command);

}  // namespace seglab
