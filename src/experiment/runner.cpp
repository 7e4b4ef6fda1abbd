#include "experiment/runner.h"

#include <torch/torch.h>

#include <iostream>
#include <limits>
#include <map>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "experiment/check.h"
#include "experiment/environment.h"
#include "experiment/execute.h"
#include "experiment/run_folder.h"
#include "report/report.h"
#include "report/table.h"
#include "report/table_text.h"
#include "tensor/runtime.h"

namespace seglab {
namespace {

/// Adds up the training times along the runs that weights come from. A run stands behind the one
/// that starts it.
void AddTotals(const std::vector<PlannedRun>& plan, ExperimentResult& result) {
  std::map<std::string, double> totals;
  for (RunResult& run : result.runs) {
    const std::string& init = FindRun(plan, WithoutEvaluation(run.name, run))->spec.init_run;
    run.total_seconds = run.train_seconds;
    if (!init.empty()) {
      const auto start = totals.find(init);
      run.total_seconds +=
          start == totals.end() ? std::numeric_limits<double>::quiet_NaN() : start->second;
    }
    totals[WithoutEvaluation(run.name, run)] = run.total_seconds;
  }
}

ExperimentResult Collect(const Experiment& experiment, const std::vector<PlannedRun>& plan,
                         const std::string& folder, const RunnerOptions& options) {
  ExperimentResult result;
  result.name = experiment.name;
  result.title = experiment.title;
  result.description = experiment.description;
  result.paper_ref = experiment.paper_ref;
  result.columns = experiment.columns;
  result.compare = experiment.compare;
  result.command = options.command;
  result.folder = folder;
  std::vector<Json> environments;
  for (const PlannedRun& run : plan) {
    if (run.status != RunStatus::kFinished) continue;
    const std::string environment = JoinPath(run.folder, "environment.json");
    if (FileExists(environment))
      environments.push_back(ParseJson(ReadFile(environment), environment));
    for (RunResult& row : ResultsOf(run)) {
      if (row.task == Task::kSegmentation && result.labels.size() == 0)
        result.labels = LabelsOf(run, row.evaluation);
      result.runs.push_back(std::move(row));
    }
  }
  if (environments.empty()) environments.push_back(Environment(PickDevice(options.device)));
  result.environment = MergedEnvironment(environments);
  AddTotals(plan, result);
  return result;
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
  RunChecks checks;
  for (const PlannedRun& run : plan) {
    if (run.status == RunStatus::kFinished) continue;
    const PlannedRun* init = FindRun(plan, run.spec.init_run);
    checks.Check(run.spec, init != nullptr ? &init->spec : nullptr, run.status == RunStatus::kNew);
  }
  if (options.dry_run) return Collect(experiment, plan, folder, options);
  CheckWritableFolder(folder);
  RemoveStaleTemporaries(folder);
  hashes.Save();
  for (PlannedRun& run : plan) {
    if (run.status == RunStatus::kFinished) continue;
    const PlannedRun* init = FindRun(plan, run.spec.init_run);
    ExecuteRun(run,
               {options.device, options.pictures, init != nullptr ? init->folder : "", folder});
    run.status = RunStatus::kFinished;
  }
  const ExperimentResult result = Collect(experiment, plan, folder, options);
  WriteReports(result);
  std::cout << TableText(result) << std::flush;
  Log::Info("report: ", JoinPath(folder, "report.html"));
  return result;
}

}  // namespace seglab
