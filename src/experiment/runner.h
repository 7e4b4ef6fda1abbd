#pragma once

#include <string>

#include "experiment/execute.h"
#include "report/results.h"

namespace seglab {

struct RunnerOptions {
  /// What of the whole is done here, where several processes share it out.
  enum class Part { kAll, kChecks, kRuns, kReport };

  Part part = Part::kAll;
  std::string only;  ///< the one run that is made, without a report at the end; "" = all
  std::string out;   ///< folder of all experiments; "" = runs
  std::string device = "auto";
  bool dry_run = false;             ///< show the plan, do nothing
  bool retry = false;               ///< try failed runs again
  int pictures = kKeptPredictions;  ///< validation images whose predictions each run keeps
  LogForms forms = {};              ///< of each run's metrics.jsonl, written beside it
  const Group* group = nullptr;     ///< processes that make each run together
  std::string command;              ///< what the user typed, for the report
};

/// The plan of an experiment, shown and checked as far as options.part says; its folder is made.
/// @throws Error on a mistake that the plan shows
std::vector<PlannedRun> PrepareExperiment(const Experiment& experiment,
                                          const RunnerOptions& options);

/// Runs what is not finished, prints the table, writes result.json, tables and report, these behind
/// each run. A run that fails does not stop the others: only those that it starts are left out.
/// Where other processes work on the same folder, on this machine or others, they divide the runs
/// (run_queue.h), and each waits until all are made.
/// @throws Error on a mistake that the plan shows, and when all is done and runs have failed;
///   Stopped
ExperimentResult RunExperiment(const Experiment& experiment, const RunnerOptions& options);

/// Where the hashes of the files of data sets are remembered below the folder of runs.
std::string ContentHashesFile(const std::string& folder);

}  // namespace seglab
