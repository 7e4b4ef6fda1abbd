#pragma once

#include <string>
#include <vector>

#include "experiment/results.h"
#include "experiment/spec.h"

namespace seglab {

struct RunnerOptions {
  std::string out;  ///< folder of all experiments; "" = runs
  std::string device = "auto";
  bool dry_run = false;  ///< show the plan, do nothing
  int pictures = 8;      ///< validation images shown in the report
  std::string command;   ///< what the user typed, for the report
};

enum class RunStatus { kFinished, kStarted, kNew };

/// What will happen to one run.
struct PlannedRun {
  RunSpec spec;
  std::string hash;
  std::string folder;
  RunStatus status = RunStatus::kNew;
  int64_t iteration = 0;  ///< where a started run stands
};

/// Finds out where one run stands. A folder that holds a run of another hash is left alone: the run
/// goes into
/// "<folder>@<hash>".
PlannedRun PlanRun(const RunSpec& spec, const std::string& init_hash, const std::string& folder);

/// Finds out what is finished, what goes on and what is new.
std::vector<PlannedRun> MakePlan(const Experiment& experiment, const std::string& folder);

std::string PlanText(const std::vector<PlannedRun>& plan);

/// Runs what is not finished, prints the table, writes result.json, tables and report.
/// @throws Error, Stopped
ExperimentResult RunExperiment(const Experiment& experiment, const RunnerOptions& options);

}  // namespace seglab
