#include "experiment/run.h"

#include <torch/torch.h>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/random.h"
#include "data/registry.h"
#include "data/transforms.h"
#include "experiment/environment.h"
#include "experiment/pictures.h"
#include "metrics/scores.h"
#include "models/registry.h"
#include "tensor/runtime.h"
#include "train/checks.h"
#include "train/evaluator.h"
#include "train/model_file.h"
#include "train/trainer.h"

namespace seglab {
namespace {

constexpr uint64_t kWeightSalt = 0x77656967;  // "weig"

/// The parts of a run's config, each checked by the room it belongs to.
struct RunConfig {
  uint64_t seed = 1;
  Json model;
  Json train_data, val_data, transforms = Json::array();
  TrainOptions train;
  InitOptions init;
  AbsentPolicy policy = AbsentPolicy::kUnion;
  std::string precision = "float32";
};

RunConfig ReadConfig(const PlannedRun& run, const std::string& init_folder) {
  RunConfig config;
  JsonReader reader(run.spec.config, run.spec.name);
  reader.Get("seed", config.seed);
  config.model = reader.Require<Json>("model");
  Json data = reader.Require<Json>("data");
  if (!data.is_object()) throw Error(reader.Path("data"), ": must be an object");
  for (auto [part, target] :
       {std::pair("train", &config.train_data), std::pair("val", &config.val_data)}) {
    Json options = data;
    for (const char* key : {"train", "val", "transforms"}) options.erase(key);
    if (data.contains(part)) MergeJson(options, data[part]);
    *target = options;
  }
  if (data.contains("transforms")) config.transforms = data["transforms"];
  Json part = Json::object();
  reader.Get("train", part);
  config.train = TrainOptions::FromJson(part, reader.Path("train"));
  if (auto eval = reader.Child("eval")) {
    std::string policy = AbsentPolicyName(config.policy);
    eval->GetChoice("absent", policy, AbsentPolicyNames());
    config.policy = ParseAbsentPolicy(policy);
    eval->GetChoice("precision", config.precision, {"float32", "bfloat16"});
    eval->Finish();
  }
  Json init;
  if (reader.Get("init", init)) {
    if (init.is_string()) {
      config.init.from = init.get<std::string>();
    } else {
      JsonReader fields(init, reader.Path("init"));
      config.init.from = fields.Require<std::string>("from");
      fields.Get("skip", config.init.skip);
      fields.Finish();
    }
    if (!init_folder.empty()) config.init.from = init_folder;
  }
  reader.Finish();
  return config;
}

int64_t CountParameters(const SegModel& model) {
  int64_t count = 0;
  for (const at::Tensor& parameter : model.parameters()) count += parameter.numel();
  return count;
}

}  // namespace

void ExecuteRun(const PlannedRun& run, const std::string& init_folder,
                const std::string& experiment_folder, const RunnerOptions& options) {
  MakeFolders(run.folder);
  WriteFileAtomically(JoinPath(run.folder, "hash.txt"), run.hash + "\n");
  const LogFile log(JoinPath(run.folder, "log.txt"));
  const RunConfig config = ReadConfig(run, init_folder);
  const c10::Device device = PickDevice(options.device);
  WriteFileAtomically(JoinPath(run.folder, "config.json"), run.spec.config.dump(2) + "\n");
  WriteFileAtomically(JoinPath(run.folder, "environment.json"), Environment(device).dump(2) + "\n");

  TrainJob job;
  job.train = MakeDataset(config.train_data, run.spec.name + ".data");
  job.val = MakeDataset(config.val_data, run.spec.name + ".data");
  const int classes = job.train->Labels().size();
  if (job.val->Labels().size() != classes) {
    throw Error(run.spec.name, ".data: training has ", classes, " classes, validation ",
                job.val->Labels().size());
  }
  torch::manual_seed(MixSeed(config.seed, kWeightSalt));
  job.model = MakeModel(config.model, classes, run.spec.name + ".model");
  if (!config.init.from.empty()) InitFromFile(*job.model, config.init);
  job.model->to(device);
  job.model_spec = config.model;
  job.transforms = MakeTransforms(config.transforms, job.model->preprocessing.FillColor(),
                                  run.spec.name + ".data.transforms");
  job.options = config.train;
  job.seed = config.seed;
  job.folder = run.folder;
  job.run_hash = run.hash;
  job.title = run.spec.name;
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
  WriteFileAtomically(JoinPath(run.folder, "result.json"), result.dump(2) + "\n");
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
