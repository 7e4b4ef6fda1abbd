#include "experiment/collect.h"

#include <limits>
#include <map>

#include "base/error.h"
#include "base/files.h"
#include "experiment/environment.h"
#include "experiment/run_folder.h"
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

}  // namespace

ExperimentResult CollectResults(const Experiment& experiment, const std::vector<PlannedRun>& plan,
                                const std::string& folder, const std::string& command) {
  ExperimentResult result;
  result.name = experiment.name;
  result.title = experiment.title;
  result.description = experiment.description;
  result.paper_ref = experiment.paper_ref;
  result.columns = experiment.columns;
  result.compare = experiment.compare;
  result.baseline = experiment.baseline;
  result.command = command;
  result.folder = folder;
  std::vector<Json> environments;
  for (const PlannedRun& run : plan) {
    if (run.status != RunStatus::kFinished) {
      result.unfinished.push_back(StateOf(run, plan));
      continue;
    }
    const std::string environment = JoinPath(run.folder, "environment.json");
    if (FileExists(environment))
      environments.push_back(ParseJson(ReadFile(environment), environment));
    for (RunResult& row : ResultsOf(run)) {
      if (row.task == Task::kSegmentation && result.labels.size() == 0)
        result.labels = LabelsOf(run, row.evaluation);
      result.runs.push_back(std::move(row));
    }
  }
  if (environments.empty()) environments.push_back(Environment(PickDevice("auto")));
  result.environment = MergedEnvironment(environments);
  AddTotals(plan, result);
  return result;
}

UnfinishedRun StateOf(const PlannedRun& run, const std::vector<PlannedRun>& plan) {
  if (!run.failure.empty()) return {run.spec.name, UnfinishedRun::State::kFailed, run.failure};
  const PlannedRun* init = FindRun(plan, run.spec.init_run);
  while (init != nullptr && init->failure.empty()) init = FindRun(plan, init->spec.init_run);
  if (init == nullptr) return {run.spec.name, UnfinishedRun::State::kWaiting, ""};
  return {run.spec.name, UnfinishedRun::State::kLeftOut,
          "it starts from " + init->spec.name + ", which failed"};
}

ExperimentResult ResultOfRunFolder(const std::string& folder, const std::string& command) {
  PlannedRun run;
  run.folder = folder;
  const StoredResult stored = ReadStoredResult(folder);
  if (stored.evaluations.empty()) {
    throw Error(folder, ": this run has no scores yet; its report can be made when it is finished");
  }
  run.spec.name = run.spec.group = stored.training.value("name", "run");
  run.spec.config = ReadJsonFile(JoinPath(folder, "config.json"));
  run.status = RunStatus::kFinished;
  Experiment experiment;
  experiment.name = experiment.title = run.spec.name;
  experiment.columns = {"pixel_acc", "mean_acc", "mean_iou", "fw_iou"};
  return CollectResults(experiment, {run}, folder, command);
}

}  // namespace seglab
