#include "experiment/runner.h"

#include <torch/torch.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <thread>

#include "base/claim.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/names.h"
#include "base/signals.h"
#include "experiment/check.h"
#include "experiment/collect.h"
#include "experiment/estimate.h"
#include "experiment/failures.h"
#include "experiment/make_runs.h"
#include "report/certainty.h"
#include "report/report.h"
#include "report/table.h"
#include "report/table_text.h"

namespace seglab {
namespace {

void ThrowOfFailures(const ExperimentResult& result) {
  std::vector<std::string> failed;
  size_t left_out = 0;
  for (const UnfinishedRun& run : result.unfinished) {
    if (run.state == UnfinishedRun::State::kFailed) failed.push_back(run.name + ": " + run.reason);
    if (run.state == UnfinishedRun::State::kLeftOut) ++left_out;
  }
  if (failed.empty()) return;
  std::string others =
      left_out > 0 ? StrCat(", ", left_out, " that start from it are left out") : "";
  if (!result.runs.empty()) others += ", the others are finished";
  throw Error(failed.size() == 1 ? "1 run" : StrCat(failed.size(), " runs"), " failed", others,
              ": ", Join(failed, "; "), " (tried again with --retry)");
}

void CheckRuns(const std::vector<PlannedRun>& plan, const RunnerOptions& options) {
  RunChecks checks(options.group != nullptr);
  for (const PlannedRun& run : plan) {
    if (run.status == RunStatus::kFinished || !run.failure.empty()) continue;
    if (!options.only.empty() && run.spec.name != options.only) continue;
    const PlannedRun* init = FindRun(plan, run.spec.init_run);
    checks.Check(run.spec, init != nullptr ? &init->spec : nullptr, run.status == RunStatus::kNew);
  }
}

std::string FolderOf(const Experiment& experiment, const RunnerOptions& options) {
  return JoinPath(options.out.empty() ? "runs" : options.out, experiment.name);
}

std::vector<std::string> NamesOf(const std::vector<PlannedRun>& plan) {
  std::vector<std::string> names;
  for (const PlannedRun& run : plan) names.push_back(run.spec.name);
  return names;
}

/// @throws Error unless the run is finished
void CheckFinished(const PlannedRun& run, const std::vector<PlannedRun>& plan) {
  const UnfinishedRun state = StateOf(run, plan);
  if (run.status == RunStatus::kFinished) return;
  if (state.state == UnfinishedRun::State::kLeftOut)
    throw Error(run.spec.name, ": is left out, ", state.reason);
  throw Error(run.spec.name, ": failed: ", state.reason, " (tried again with --retry)");
}

/// While no other process writes it.
void WriteFinalReport(const ExperimentResult& result, const Certainty& certainty) {
  MakeFolders(result.folder);
  Claims claims;
  std::unique_ptr<Claim> claim;
  const std::string path = JoinPath(result.folder, "report");
  for (int attempt = 0; !claim; ++attempt) {
    claim = claims.Try(path, nullptr);
    if (claim) break;
    if (attempt == 20) Log::Info("waits for ", claims.Owner(path), ", which writes the report");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    if (const int signal = StopRequested()) throw Stopped(signal, "stopped before the report");
  }
  WriteReports(result, certainty);
}

}  // namespace

std::string ContentHashesFile(const std::string& folder) {
  return JoinPath(folder, "data-hashes.txt");
}

std::vector<PlannedRun> PrepareExperiment(const Experiment& experiment,
                                          const RunnerOptions& options) {
  using Part = RunnerOptions::Part;
  const std::string folder = FolderOf(experiment, options);
  const bool first = IsFirst(options.group);
  ContentHashes hashes(ContentHashesFile(folder));
  std::vector<PlannedRun> plan = MakePlan(experiment, folder, hashes);
  if (!options.only.empty() && FindRun(plan, options.only) == nullptr)
    throw Error("--only: ", UnknownName("run", options.only, NamesOf(plan)));
  const bool checks = options.part == Part::kAll || options.part == Part::kChecks;
  const bool retries = options.retry && checks;
  if (retries) {
    for (PlannedRun& run : plan) run.failure.clear();
  }
  if (checks) {
    const PlannedRun* only = FindRun(plan, options.only);
    Log::Info(experiment.title, "\n", only != nullptr ? PlanText({*only}) : PlanText(plan));
    if (first) CheckRuns(plan, options);
  }
  if (!first || options.dry_run || options.part == Part::kReport) return plan;
  CheckWritableFolder(folder);
  RemoveStaleTemporaries(folder);
  hashes.Save();
  for (const PlannedRun& run : plan) {
    if (retries && run.status != RunStatus::kFinished) ForgetFailure(run);
  }
  return plan;
}

ExperimentResult RunExperiment(const Experiment& experiment, const RunnerOptions& options) {
  using Part = RunnerOptions::Part;
  const std::string folder = FolderOf(experiment, options);
  std::vector<PlannedRun> plan = PrepareExperiment(experiment, options);
  if (options.dry_run) {
    Log::Info("checked: settings, data, networks, weights, a training pass of each new run\n",
              EstimateText(EstimateRuns(plan, options.device)));
    return CollectResults(experiment, plan, folder, options.command);
  }
  if (options.part == Part::kChecks) return {};
  if (options.part != Part::kReport) MakeRuns(experiment, plan, folder, options);
  if (!IsFirst(options.group) || options.part == Part::kRuns) return {};
  if (!options.only.empty()) {
    CheckFinished(*FindRun(plan, options.only), plan);
    return {};
  }
  const ExperimentResult result = CollectResults(experiment, plan, folder, options.command);
  const Certainty certainty = MakeCertainty(result);
  WriteFinalReport(result, certainty);
  std::cout << TableText(result) << CertaintyText(certainty, result.columns) << std::flush;
  Log::Info("report: ", JoinPath(folder, "report.html"));
  ThrowOfFailures(result);
  return result;
}

}  // namespace seglab
