#include "experiment/runner.h"

#include <torch/torch.h>

#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/folder_lock.h"
#include "base/log.h"
#include "base/names.h"
#include "base/signals.h"
#include "experiment/check.h"
#include "experiment/collect.h"
#include "experiment/estimate.h"
#include "experiment/execute.h"
#include "experiment/failures.h"
#include "experiment/library_errors.h"
#include "report/certainty.h"
#include "report/report.h"
#include "report/table.h"
#include "report/table_text.h"

namespace seglab {
namespace {

/// Does a run; what makes it fail is kept and stops no other.
void Attempt(PlannedRun& run, const ExecuteOptions& options) {
  ForgetFailure(run);
  try {
    ExecuteRun(run, options);
    run.status = RunStatus::kFinished;
  } catch (const Stopped&) {
    throw;
  } catch (const FolderBusy&) {
    throw;  // another process makes this run
  } catch (const std::exception& error) {
    run.failure = ErrorText(error);
    const std::string own = run.spec.name + ": ";  // stands before it anyway
    if (run.failure.starts_with(own)) run.failure.erase(0, own.size());
    KeepFailure(run, run.failure);
    Log::Warn(run.spec.name, ": failed: ", run.failure);
  }
}

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

}  // namespace

std::string ContentHashesFile(const std::string& folder) {
  return JoinPath(folder, "data-hashes.txt");
}

ExperimentResult RunExperiment(const Experiment& experiment, const RunnerOptions& options) {
  const std::string out = options.out.empty() ? "runs" : options.out;
  const std::string folder = JoinPath(out, experiment.name);
  ContentHashes hashes(ContentHashesFile(folder));
  std::vector<PlannedRun> plan = MakePlan(experiment, folder, hashes);
  Log::Info(experiment.title, "\n", PlanText(plan));
  for (PlannedRun& run : plan) {
    if (options.retry) run.failure.clear();
  }
  RunChecks checks;
  for (const PlannedRun& run : plan) {
    if (run.status == RunStatus::kFinished || !run.failure.empty()) continue;
    const PlannedRun* init = FindRun(plan, run.spec.init_run);
    checks.Check(run.spec, init != nullptr ? &init->spec : nullptr, run.status == RunStatus::kNew);
  }
  if (options.dry_run) {
    Log::Info("checked: settings, data, networks, weights, a training pass of each new run\n",
              EstimateText(EstimateRuns(plan, options.device)));
    return CollectResults(experiment, plan, folder, options.command);
  }
  CheckWritableFolder(folder);
  RemoveStaleTemporaries(folder);
  hashes.Save();
  for (PlannedRun& run : plan) {
    if (run.status == RunStatus::kFinished ||
        StateOf(run, plan).state != UnfinishedRun::State::kWaiting)
      continue;
    const PlannedRun* init = FindRun(plan, run.spec.init_run);
    Attempt(run, {options.device, options.pictures, options.forms,
                  init != nullptr ? init->folder : "", folder});
    WriteReports(CollectResults(experiment, plan, folder, options.command));
  }
  const ExperimentResult result = CollectResults(experiment, plan, folder, options.command);
  const Certainty certainty = MakeCertainty(result);
  WriteReports(result, certainty);
  std::cout << TableText(result) << CertaintyText(certainty, result.columns) << std::flush;
  Log::Info("report: ", JoinPath(folder, "report.html"));
  ThrowOfFailures(result);
  return result;
}

}  // namespace seglab
