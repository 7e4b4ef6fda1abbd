#pragma once

#include <string>

#include "experiment/runner.h"

namespace seglab {

/// Trains and evaluates one run in its folder, going on where an earlier life of it stopped, and
/// writes its result.json.
/// @param init_folder  folder of the run that starts this one, or ""
/// @param experiment_folder  where the shared pictures go
void ExecuteRun(const PlannedRun& run, const std::string& init_folder,
                const std::string& experiment_folder, const RunnerOptions& options);

/// The result.json of a finished run.
RunResult ReadRunResult(const PlannedRun& run);

}  // namespace seglab
