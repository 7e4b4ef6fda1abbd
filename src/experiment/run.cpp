#include "experiment/run.h"

#include <torch/torch.h>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "data/transforms.h"
#include "experiment/environment.h"
#include "experiment/pictures.h"
#include "experiment/run_config.h"
#include "metrics/scores.h"
#include "tensor/runtime.h"
#include "train/checks.h"
#include "train/evaluator.h"
#include "train/model_file.h"
#include "train/trainer.h"

namespace seglab {
namespace {

int64_t CountParameters(const SegModel& model) {
  int64_t count = 0;
  for (const at::Tensor& parameter : model.parameters()) count += parameter.numel();
  return count;
}

}  // namespace

void ExecuteRun(const PlannedRun& run, const std::string& init_folder,
                const std::string& experiment_folder, const RunnerOptions& options) {
  MakeFolders(run.folder);
  RemoveStaleTemporaries(run.folder);
  const LogFile log(JoinPath(run.folder, "log.txt"));
  const RunConfig config = ReadRunConfig(run.spec, init_folder);
  const c10::Device device = PickDevice(options.device);
  TrainJob job = MakeJob(run.spec, config);
  if (!config.init.from.empty()) {
    InitFromFile(*job.model, config.init, config.model);
    job.transforms = MakeTransforms(config.transforms, job.model->preprocessing.FillColor(),
                                    run.spec.name + ".data.transforms");
  }
  job.model->to(device);
  job.folder = run.folder;
  job.run_hash = run.hash;
  // From here on the folder belongs to this run; a mistake in its settings has been found by now.
  WriteFileAtomically(JoinPath(run.folder, "hash.txt"), run.hash + "\n");
  WriteFileAtomically(JoinPath(run.folder, "config.json"), JsonText(run.spec.config));
  WriteFileAtomically(JoinPath(run.folder, "environment.json"), JsonText(Environment(device)));
  Log::Info(run.spec.name, ": ", CountParameters(*job.model), " parameters, ", job.train->Size(),
            " training and ", job.val->Size(), " validation samples, ", DescribeRuntime(device));
  if (run.status == RunStatus::kNew && config.train.iterations > 0) {
    CheckDataset(*job.train, run.spec.name + ": training data", config.train.check_samples,
                 config.train.threads);
    CheckDataset(*job.val, run.spec.name + ": validation data", config.train.check_samples,
                 config.train.threads);
  }
  const TrainSummary summary = Train(job);

  EvalOptions eval;
  eval.threads = config.train.threads;
  eval.precision = config.precision;
  eval.title = run.spec.name + ", evaluating";
  const EvalResult evaluated = Evaluate(*job.model, job.val, eval);
  const Scores scores = ComputeScores(evaluated.matrix, config.policy);
  const bool classification = job.val->IsClassification();
  if (!classification) {
    WritePictures(*job.model, *job.val, options.pictures, experiment_folder, run.folder);
  }
  Json result = {{"name", run.spec.name},
                 {"hash", run.hash},
                 {"eval", run.spec.config.value("eval", Json())},
                 {"classification", classification},
                 {"parameters", CountParameters(*job.model)},
                 {"iterations", summary.iterations},
                 {"train_seconds", summary.seconds},
                 {"eval_seconds", evaluated.seconds},
                 {"labels", LabelsToJson(job.val->Labels())},
                 {"summary", ScoresToText(scores, job.val->Labels().names, evaluated.images)},
                 {"metrics", ScoresToJson(scores, evaluated.matrix, job.val->Labels().names,
                                          evaluated.images)}};
  if (summary.best_iteration > 0) {
    result["best"] = {{"score", summary.best_score}, {"iteration", summary.best_iteration}};
  }
  WriteFileAtomically(JoinPath(run.folder, "result.json"), JsonText(result));
  Log::Info(run.spec.name, ": done in ", FormatDuration(summary.seconds), " of training");
}

RunResult ReadRunResult(const PlannedRun& run) {
  const std::string path = JoinPath(run.folder, "result.json");
  const Json json = ParseJson(ReadFile(path), path);
  RunResult result;
  result.name = run.spec.name;
  result.group = run.spec.group;
  result.folder = run.folder;
  result.config = run.spec.config;
  result.paper = run.spec.paper;
  result.seed = run.spec.config.value("seed", uint64_t{1});
  JsonReader reader(json, path);
  result.classification = reader.Require<bool>("classification");
  result.metrics = reader.Require<Json>("metrics");
  result.parameters = reader.Require<int64_t>("parameters");
  result.iterations = reader.Require<int64_t>("iterations");
  result.train_seconds = reader.Require<double>("train_seconds");
  result.eval_seconds = reader.Require<double>("eval_seconds");
  return result;
}

}  // namespace seglab
