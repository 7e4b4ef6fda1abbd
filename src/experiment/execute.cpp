#include "experiment/execute.h"

#include <torch/torch.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/folder_lock.h"
#include "base/format.h"
#include "base/log.h"
#include "data/mend.h"
#include "experiment/environment.h"
#include "experiment/network_costs.h"
#include "experiment/run_config.h"
#include "experiment/run_folder.h"
#include "inference/boundary_sink.h"
#include "inference/confusion_sink.h"
#include "inference/evaluate.h"
#include "inference/image_counts_sink.h"
#include "inference/picture_sink.h"
#include "inference/rand_sink.h"
#include "inference/trimap_sink.h"
#include "metrics/scores.h"
#include "models/registry.h"
#include "report/results.h"
#include "tensor/runtime.h"
#include "train/checks.h"
#include "train/recipe.h"
#include "weights/init.h"

namespace seglab {
namespace {

int64_t CountParameters(const SegModel& model) {
  int64_t count = 0;
  for (const at::Tensor& parameter : model.parameters()) count += parameter.numel();
  return count;
}

/// "FCN-8s", or "FCN-8s, crf".
std::string TitleOf(const PlannedRun& run, const EvalConfig& evaluation) {
  return evaluation.name.empty() ? run.spec.name : run.spec.name + ", " + evaluation.name;
}

/// One evaluation of the trained network. @return its part of result.json
Json MakeEvaluation(const PlannedRun& run, const TrainJob& job, const EvalConfig& config,
                    const ExecuteOptions& options) {
  const std::shared_ptr<const Dataset> data = MakeEvalData(run.spec, config, *job.train);
  const LabelSet& labels = data->Labels();
  Predictor predictor(job.model, config.predict);
  if (!IsFirst(job.group)) {
    EvalOptions share;
    share.threads = job.options.threads;
    share.group = job.group;
    Evaluate(predictor, data, {}, share);
    return {};
  }
  ConfusionSink confusion(labels.size());
  ImageCountsSink images(JoinPath(run.folder, ImageCountsFile(config.name)), labels.size());
  std::vector<EvalSink*> sinks = {&confusion, &images};
  std::optional<TrimapSink> trimap;
  if (data->GetTask() == Task::kSegmentation && !config.trimap.empty()) {
    trimap.emplace(labels.size(), config.trimap);
    sinks.push_back(&*trimap);
  }
  std::optional<BoundarySink> boundary;
  if (data->GetTask() == Task::kSegmentation && config.boundary_f1 > 0) {
    boundary.emplace(labels.size(), config.boundary_f1);
    sinks.push_back(&*boundary);
  }
  std::optional<RandSink> rand;
  const int rand_class = RandClass(run.spec, config, labels);
  if (data->GetTask() == Task::kSegmentation && rand_class >= 0) {
    rand.emplace(rand_class, labels.names[static_cast<size_t>(rand_class)]);
    sinks.push_back(&*rand);
  }
  std::optional<PictureSink> pictures;
  if (data->GetTask() == Task::kSegmentation && options.pictures > 0) {
    const PicturePlaces places = {JoinPath(options.shared_folder, kPicturesFolder),
                                  JoinPath(run.folder, PicturesFolder(config.name))};
    pictures.emplace(places, *data, options.pictures);
    sinks.push_back(&*pictures);
  }
  EvalOptions evaluation;
  evaluation.threads = job.options.threads;
  evaluation.group = job.group;
  evaluation.title = TitleOf(run, config) + ", evaluating";
  const EvalSummary summary = Evaluate(predictor, data, sinks, evaluation);
  const Scores scores = ComputeScores(confusion.matrix(), config.policy);
  std::string text = ScoresToText(scores, labels.names, summary.images);
  Json metrics = ScoresToJson(scores, confusion.matrix(), labels.names, summary.images);
  if (trimap) {
    text += trimap->ToText(config.policy);
    metrics["trimap"] = trimap->ToJson(config.policy);
  }
  if (boundary) {
    text += boundary->ToText();
    metrics["boundary_f1"] = boundary->ToJson();
  }
  if (rand) {
    text += rand->ToText();
    metrics["rand"] = rand->ToJson();
  }
  return {{"identity", run.identity.evaluations.at(config.name)},
          {"eval", config.options},
          {"task", TaskName(data->GetTask())},
          {"eval_seconds", summary.seconds},
          {"labels", LabelsToJson(labels)},
          {"summary", text},
          {"metrics", metrics}};
}

void WarnOfOtherMachine(const PlannedRun& run, const Json& environment) {
  const std::string path = JoinPath(run.folder, "environment.json");
  if (!FileExists(path)) return;
  const std::string differs = BitsDiffer(ReadJsonFile(path), environment);
  if (differs.empty()) return;
  Log::Warn(run.spec.name, ": was begun elsewhere (", differs,
            "); rounding differs there, so its weights will be those of neither alone");
}

void CheckData(const PlannedRun& run, const TrainJob& job) {
  CheckDataset(*job.train, run.spec.name + ": training data", job.options.check_samples,
               job.options.threads);
  CheckDataset(*job.val, run.spec.name + ": validation data", job.options.check_samples,
               job.options.threads);
  const SharedPictures shared = FindSharedPictures(*job.train, *job.val);
  if (shared.count > 0) {
    Log::Warn(run.spec.name, ": ", shared.count, " of ", job.val->Size(),
              " validation pictures are training pictures too, e.g. ", shared.names.front(),
              "; their scores say nothing of others");
  }
}

/// The run's settings with every default: of the network those that it was made with.
Json WholeConfig(const PlannedRun& run, const ExecuteOptions& options, const JsonDefaults& defaults,
                 const SegModel& model) {
  Json config = run.spec.config;
  // Data sets of different kinds may stand side by side in "data".
  defaults.Complete(config, {"model", "backbone", "schedule", "optimizer", "loss"}, {"data"});
  if (config["model"].is_object() && !config["model"].contains("preprocessing"))
    config["model"]["preprocessing"] = model.preprocessing.ToJson();
  if (!options.init_folder.empty()) {  // a run's name says nothing outside its experiment
    if (config["init"].is_object()) {
      config["init"]["from"] = options.init_folder;
    } else {
      config["init"] = options.init_folder;
    }
  }
  return config;
}

/// ", 3 processes that share each batch of 8".
std::string ProcessesText(const TrainJob& job) {
  return job.group == nullptr ? ""
                              : StrCat(", ", job.group->size(),
                                       " processes that share each batch of ", job.options.batch);
}

}  // namespace

void ExecuteRun(const PlannedRun& run, const ExecuteOptions& options) {
  const bool first = IsFirst(options.group);
  std::optional<FolderLock> lock;
  std::optional<LogFile> log;
  if (first) {
    MakeFolders(run.folder);
    lock.emplace(run.folder);
    RemoveStaleTemporaries(run.folder);
    log.emplace(JoinPath(run.folder, "log.txt"));
  }
  if (options.group != nullptr) options.group->Barrier();
  std::optional<JsonDefaults> defaults(std::in_place, run.spec.name);
  const RunConfig config = ReadRunConfig(run.spec, options.init_folder);
  const c10::Device device = PickDevice(options.device);
  TrainJob job = MakeJob(run.spec, config, run.folder);
  if (!config.init.from.empty()) {
    InitFromFile(*job.model, config.init, config.model);
    job.transforms = RunTransforms(run.spec, config, *job.model);
  }
  job.model->to(device);
  job.run_hash = run.identity.hash;
  job.group = options.group;
  job.forms = options.forms;
  // From here on the folder belongs to this run; a mistake in its settings has been found by now.
  Json environment = Environment(device);
  if (job.group != nullptr) environment["processes"] = job.group->size();
  if (run.status == RunStatus::kStarted) WarnOfOtherMachine(run, environment);
  const Json whole_config = WholeConfig(run, options, *defaults, *job.model);
  defaults.reset();
  if (first) ClaimFolder(run, whole_config, environment);
  Log::Info(run.spec.name, ": ", CountParameters(*job.model), " parameters, ", job.train->Size(),
            " training and ", job.val->Size(), " validation samples, ", DescribeRuntime(device),
            ProcessesText(job));
  const bool trains = config.train.Trains() || ModelRecipe(config.model) == Recipe::kFitted;
  if (run.status == RunStatus::kNew && trains && first) CheckData(run, job);
  const TrainSummary summary = Train(job);

  StoredResult result = ReadStoredResult(run.folder);
  if (result.hash != run.identity.hash) result = {};
  const Json known = result.training;
  result.hash = run.identity.hash;
  result.training = {{"name", run.spec.name},
                     {"parameters", CountParameters(*job.model)},
                     {"iterations", summary.iterations},
                     {"train_seconds", summary.seconds}};
  if (summary.best_iteration > 0)
    result.training["best"] = {{"score", summary.best_score},
                               {"iteration", summary.best_iteration}};
  for (const EvalConfig& evaluation : config.evaluations) {
    if (std::find(run.missing.begin(), run.missing.end(), evaluation.name) == run.missing.end())
      continue;
    Json made = MakeEvaluation(run, job, evaluation, options);
    if (!first) continue;
    result.evaluations[evaluation.name] = std::move(made);
    WriteStoredResult(run.folder, result);
  }
  if (first) {  // behind the evaluations, for which others of a group are waited for
    result.training.update(NetworkCosts(job, known));
    WriteStoredResult(run.folder, result);
  }
  Log::Info(run.spec.name, ": done in ", FormatDuration(summary.seconds), " of training");
}

}  // namespace seglab
