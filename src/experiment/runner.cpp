#include "experiment/runner.h"

#include <torch/torch.h>

#include <iostream>
#include <limits>
#include <map>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "experiment/environment.h"
#include "experiment/report.h"
#include "experiment/run.h"
#include "experiment/run_config.h"
#include "experiment/table.h"
#include "tensor/runtime.h"
#include "train/checkpoint.h"
#include "train/model_file.h"

namespace seglab {
namespace {

/// The hash of the run in a folder, or "" when there is none (or nothing was saved yet).
std::string HashIn(const std::string& folder) {
  const std::string path = JoinPath(folder, "hash.txt");
  const std::vector<std::string> lines =
      FileExists(path) ? ReadLines(path) : std::vector<std::string>();
  return lines.empty() ? "" : lines.front();
}

/// True when the result in a folder is the run's, measured by the same rules.
bool IsFinished(const PlannedRun& run) {
  const std::string path = JoinPath(run.folder, "result.json");
  if (!FileExists(path)) return false;
  const Json result = ParseJson(ReadFile(path), path);
  return result.value("hash", Json()) == Json(run.hash) &&
         result.value("eval", Json()) == run.spec.config.value("eval", Json());
}

/// The hash of the weights that start a run, when a file does; "" when none does or it is not there
/// (the run itself complains).
std::string InitFileHash(const RunSpec& spec) {
  if (!spec.config.contains("init")) return "";
  const Json& init = spec.config["init"];
  const Json from = init.is_object() ? init.value("from", Json()) : init;
  if (!from.is_string()) return "";
  const std::string path = from.get<std::string>();
  if (!FileExists(path) && !FolderExists(path)) return "";
  return HashHex(ReadFile(FindCheckpoint(path, "last")));
}

const PlannedRun* FindRun(const std::vector<PlannedRun>& plan, const std::string& name) {
  for (const PlannedRun& run : plan) {
    if (run.spec.name == name) return &run;
  }
  return nullptr;
}

/// Adds up the training times along the runs that weights come from. A run stands behind the one
/// that starts it.
void AddTotals(const std::vector<PlannedRun>& plan, ExperimentResult& result) {
  std::map<std::string, double> totals;
  for (RunResult& run : result.runs) {
    const std::string& init = FindRun(plan, run.name)->spec.init_run;
    run.total_seconds = run.train_seconds;
    if (!init.empty()) {
      const auto start = totals.find(init);
      run.total_seconds +=
          start == totals.end() ? std::numeric_limits<double>::quiet_NaN() : start->second;
    }
    totals[run.name] = run.total_seconds;
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
    if (!IsFinished(run)) continue;
    const std::string environment = JoinPath(run.folder, "environment.json");
    if (FileExists(environment))
      environments.push_back(ParseJson(ReadFile(environment), environment));
    result.runs.push_back(ReadRunResult(run));
    if (result.runs.back().classification || result.labels.size() > 0) continue;
    const std::string path = JoinPath(run.folder, "result.json");
    result.labels = LabelsFromJson(ParseJson(ReadFile(path), path)["labels"], path);
  }
  if (environments.empty()) environments.push_back(Environment(PickDevice(options.device)));
  result.environment = MergedEnvironment(environments);
  AddTotals(plan, result);
  return result;
}

}  // namespace

PlannedRun PlanRun(const RunSpec& spec, const std::string& init_hash, const std::string& folder) {
  PlannedRun run;
  run.spec = spec;
  run.hash = RunHash(spec, spec.init_run.empty() ? InitFileHash(spec) : init_hash);
  run.folder = folder;
  const std::string there = HashIn(run.folder);
  if (!there.empty() && there != run.hash) run.folder += "@" + run.hash.substr(0, 8);
  if (IsFinished(run)) {
    run.status = RunStatus::kFinished;
  } else if (auto state = ReadTrainState(JoinPath(run.folder, "last.safetensors"));
             state && state->run_hash == run.hash) {
    run.status = RunStatus::kStarted;
    run.iteration = state->iteration;
  }
  return run;
}

std::vector<PlannedRun> MakePlan(const Experiment& experiment, const std::string& folder) {
  std::vector<PlannedRun> plan;
  for (const RunSpec& spec : experiment.runs) {
    const PlannedRun* init = FindRun(plan, spec.init_run);
    plan.push_back(PlanRun(spec, init != nullptr ? init->hash : "", JoinPath(folder, spec.name)));
  }
  return plan;
}

std::string PlanText(const std::vector<PlannedRun>& plan) {
  std::string text;
  for (const PlannedRun& run : plan) {
    std::string status = "new";
    if (run.status == RunStatus::kFinished) status = "finished";
    if (run.status == RunStatus::kStarted) status = StrCat("goes on at iteration ", run.iteration);
    text += StrCat("  ", run.spec.name);
    if (!run.spec.init_run.empty()) text += StrCat(" <- ", run.spec.init_run);
    text += StrCat(": ", status, ", ", run.folder, "\n");
  }
  return text;
}

ExperimentResult RunExperiment(const Experiment& experiment, const RunnerOptions& options) {
  const std::string folder = JoinPath(options.out.empty() ? "runs" : options.out, experiment.name);
  const std::vector<PlannedRun> plan = MakePlan(experiment, folder);
  Log::Info(experiment.title, "\n", PlanText(plan));
  for (const PlannedRun& run : plan) {
    if (run.status == RunStatus::kFinished) continue;
    const PlannedRun* init = FindRun(plan, run.spec.init_run);
    CheckRun(run.spec, init != nullptr ? &init->spec : nullptr);
  }
  if (options.dry_run) return Collect(experiment, plan, folder, options);
  CheckWritableFolder(folder);
  RemoveStaleTemporaries(folder);
  for (const PlannedRun& run : plan) {
    if (run.status == RunStatus::kFinished) continue;
    const PlannedRun* init = FindRun(plan, run.spec.init_run);
    ExecuteRun(run, init != nullptr ? init->folder : "", folder, options);
  }
  const ExperimentResult result = Collect(experiment, plan, folder, options);
  WriteReports(result);
  std::cout << TableText(result) << std::flush;
  Log::Info("report: ", JoinPath(folder, "report.html"));
  return result;
}

}  // namespace seglab
