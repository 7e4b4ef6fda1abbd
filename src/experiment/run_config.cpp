#include "experiment/run_config.h"

#include <torch/torch.h>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/random.h"
#include "data/registry.h"
#include "data/transforms.h"
#include "models/registry.h"
#include "tensor/state.h"
#include "train/checks.h"
#include "train/evaluator.h"
#include "train/sgd.h"

namespace seglab {
namespace {

constexpr uint64_t kWeightSalt = 0x77656967;  // "weig"

/// The options of one of the two data sets: what they share, and its own.
Json DataPart(const Json& data, const char* part) {
  Json options = data;
  for (const char* key : {"train", "val", "transforms"}) options.erase(key);
  if (data.contains(part)) MergeJson(options, data[part]);
  return options;
}

InitOptions ReadInit(const Json& json, const std::string& path) {
  InitOptions init;
  if (json.is_string()) {
    init.from = json.get<std::string>();
    return init;
  }
  JsonReader reader(json, path);
  init.from = reader.Require<std::string>("from");
  reader.Get("skip", init.skip);
  reader.Finish();
  return init;
}

}  // namespace

RunConfig ReadRunConfig(const RunSpec& run, const std::string& init_folder) {
  RunConfig config;
  JsonReader reader(run.config, run.name);
  reader.Get("seed", config.seed);
  config.model = reader.Require<Json>("model");
  const Json data = reader.Require<Json>("data");
  if (!data.is_object()) throw Error(reader.Path("data"), ": must be an object");
  config.train_data = DataPart(data, "train");
  config.val_data = DataPart(data, "val");
  if (data.contains("transforms")) config.transforms = data["transforms"];
  Json part = Json::object();
  reader.Get("train", part);
  config.train = TrainOptions::FromJson(part, reader.Path("train"));
  if (auto eval = reader.Child("eval")) {
    std::string policy = AbsentPolicyName(config.policy);
    eval->GetChoice("absent", policy, AbsentPolicyNames());
    config.policy = ParseAbsentPolicy(policy);
    eval->GetChoice("precision", config.precision, PrecisionNames());
    eval->Finish();
  }
  Json init;
  if (reader.Get("init", init)) config.init = ReadInit(init, reader.Path("init"));
  if (!init_folder.empty()) config.init.from = init_folder;
  reader.Finish();
  return config;
}

TrainJob MakeJob(const RunSpec& run, const RunConfig& config) {
  TrainJob job;
  job.train = MakeDataset(config.train_data, run.name + ".data");
  job.val = MakeDataset(config.val_data, run.name + ".data");
  const int classes = job.train->Labels().size();
  if (job.val->Labels().size() != classes) {
    throw Error(run.name, ".data: training has ", classes, " classes, validation ",
                job.val->Labels().size());
  }
  CheckSameClasses(job.train->Labels(), job.val->Labels(), run.name + ".data");
  const bool classifier = ModelTask(config.model, run.name + ".model") == Task::kClassification;
  if (classifier != job.train->IsClassification()) {
    throw Error(run.name, ": ",
                classifier ? "a classifier needs" : "a segmentation network cannot use",
                " a classification data set; \"", config.train_data.value("name", Json()).dump(),
                "\" is ", classifier ? "none" : "one");
  }
  torch::manual_seed(MixSeed(config.seed, kWeightSalt));
  job.model = MakeModel(config.model, classes, run.name + ".model");
  job.model_spec = config.model;
  job.options = config.train;
  job.seed = config.seed;
  job.title = run.name;
  job.transforms = MakeTransforms(config.transforms, job.model->preprocessing.FillColor(),
                                  run.name + ".data.transforms");
  return job;
}

void CheckRun(const RunSpec& run, const RunSpec* init) {
  const LogSilence silence;  // remarks come when it runs
  const RunConfig config = ReadRunConfig(run, "");
  const TrainJob job = MakeJob(run, config);
  const Sgd optimizer(*job.model, config.train);
  if (init != nullptr) {
    const TrainJob first = MakeJob(*init, ReadRunConfig(*init, ""));
    InitFromTensors(*job.model, ModuleState(*first.model), config.init.skip,
                    StrCat(run.name, ".init (", init->name, ")"));
    return;
  }
  if (config.init.from.empty()) return;
  if (!FileExists(config.init.from) && !FolderExists(config.init.from)) {
    throw Error(run.name, ".init: no run, run folder or weight file \"", config.init.from,
                "\"; say where weight files lie with --set weights=DIR");
  }
  InitFromFile(*job.model, config.init, config.model);
}

}  // namespace seglab
