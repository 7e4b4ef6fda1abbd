#pragma once

#include <string>

#include "experiment/execute.h"
#include "report/results.h"

namespace seglab {

struct RunnerOptions {
  std::string out;  ///< folder of all experiments; "" = runs
  std::string device = "auto";
  bool dry_run = false;             ///< show the plan, do nothing
  bool retry = false;               ///< try failed runs again
  int pictures = kKeptPredictions;  ///< validation images whose predictions each run keeps
  LogForms forms = {};              ///< of each run's metrics.jsonl, written beside it
  std::string command;              ///< what the user typed, for the report
};

/// Runs what is not finished, prints the table, writes result.json, tables and report, these behind
/// each run. A run that fails does not stop the others: only those that it starts are left out.
/// @throws Error on a mistake that the plan shows, and when all is done and runs have failed;
///   Stopped
ExperimentResult RunExperiment(const Experiment& experiment, const RunnerOptions& options);

/// Where the hashes of the files of data sets are remembered below the folder of runs.
std::string ContentHashesFile(const std::string& folder);

}  // namespace seglab
