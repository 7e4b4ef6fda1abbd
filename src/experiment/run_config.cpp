#include "experiment/run_config.h"

#include <torch/torch.h>

#include "base/error.h"
#include "base/files.h"
#include "base/random.h"
#include "data/registry.h"
#include "experiment/eval_spec.h"
#include "inference/trimap_sink.h"
#include "metrics/boundary_f1.h"
#include "models/registry.h"

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
  reader.Get("key", init.key);
  reader.Finish();
  return init;
}

EvalConfig ReadEvaluation(const EvalSpec& spec, const Json& val_data, const std::string& path) {
  EvalConfig config;
  config.name = spec.name;
  config.options = spec.options;
  config.data = val_data;
  JsonReader reader(spec.options, spec.name.empty() ? path : path + "." + spec.name);
  std::string policy = AbsentPolicyName(config.policy);
  reader.GetChoice("absent", policy, AbsentPolicyNames());
  config.policy = ParseAbsentPolicy(policy);
  config.predict.Read(reader);
  reader.Get("trimap", config.trimap);
  CheckTrimapWidths(config.trimap, reader.Path("trimap"));
  if (reader.Get("boundary_f1", config.boundary_f1) && config.boundary_f1 != 0)
    CheckBoundaryTolerance(config.boundary_f1, reader.Path("boundary_f1"));
  if (Json rand; reader.Get("rand", rand)) {
    if (!rand.is_string() && !rand.is_number_integer()) {
      throw Error(reader.Path("rand"), ": must be a class, its name or number, found ",
                  rand.dump());
    }
    config.rand = rand.is_string() ? rand.get<std::string>() : rand.dump();
  }
  if (Json data; reader.Get("data", data)) {
    if (!data.is_object()) throw Error(reader.Path("data"), ": must be an object");
    MergeJson(config.data, data);
  }
  reader.Finish();
  return config;
}

void CheckTask(const RunSpec& run, const RunConfig& config, const Dataset& data) {
  const bool classifier = ModelTask(config.model, run.name + ".model") == Task::kClassification;
  if (classifier == (data.GetTask() == Task::kClassification)) return;
  throw Error(run.name, ": ",
              classifier ? "a classifier needs" : "a segmentation network cannot use",
              " a classification data set; ", config.train_data.value("name", Json()).dump(),
              config.train_data.contains("regions") ? " with \"regions\"" : "", " is ",
              classifier ? "none" : "one");
}

/// @throws Error where "train" is of another recipe than the network's
void CheckRecipe(const RunConfig& config, const Json& train, const JsonReader& reader) {
  const bool fitted = ModelRecipe(config.model, reader.Path("model")) == Recipe::kFitted;
  const std::string path = reader.Path("train");
  if (fitted && config.train.Trains()) {
    throw Error(path, config.train.epochs > 0 ? ".epochs: " : ".iterations: ",
                ModelObject(config.model)["name"].get<std::string>(),
                " is fitted to features, not descended; leave it out, see \"fit\"");
  }
  if (!fitted && train.contains("fit")) {
    throw Error(path, ".fit: is for networks that are fitted, such as rcnn, not for ",
                ModelObject(config.model)["name"].get<std::string>());
  }
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
  CheckRecipe(config, part, reader);
  Json eval;
  reader.Get("eval", eval);
  for (const EvalSpec& spec : EvalSpecs(eval, reader.Path("eval")))
    config.evaluations.push_back(ReadEvaluation(spec, config.val_data, reader.Path("eval")));
  Json init;
  if (reader.Get("init", init)) config.init = ReadInit(init, reader.Path("init"));
  if (!init_folder.empty()) config.init.from = init_folder;
  reader.Finish();
  return config;
}

std::shared_ptr<const Dataset> MakeEvalData(const RunSpec& run, const EvalConfig& evaluation,
                                            const Dataset& train) {
  const std::string path = run.name + ".data";
  std::shared_ptr<const Dataset> data = MakeDataset(evaluation.data, path);
  if (data->Labels().size() != train.Labels().size()) {
    throw Error(path, ": training has ", train.Labels().size(), " classes, validation ",
                data->Labels().size());
  }
  CheckSameClasses(train.Labels(), data->Labels(), path);
  RandClass(run, evaluation, data->Labels());
  return data;
}

int RandClass(const RunSpec& run, const EvalConfig& evaluation, const LabelSet& labels) {
  if (evaluation.rand.empty()) return -1;
  const std::string name = evaluation.name.empty() ? "" : evaluation.name + ".";
  return ClassIndex(labels, evaluation.rand, StrCat(run.name, ".eval.", name, "rand"));
}

std::vector<Transform> RunTransforms(const RunSpec& run, const RunConfig& config,
                                     const SegModel& model) {
  return MakeTransforms(config.transforms, model.preprocessing.FillColor(),
                        run.name + ".data.transforms");
}

TrainJob MakeJob(const RunSpec& run, const RunConfig& config, const std::string& folder) {
  TrainJob job;
  job.folder = folder;
  Json train_data = config.train_data;
  if (train_data.contains("regions") && train_data["regions"].is_object() && !folder.empty() &&
      !train_data["regions"].contains("cache")) {
    train_data["regions"]["cache"] = JoinPath(folder, config.train.feature_cache);
  }
  job.train = MakeDataset(train_data, run.name + ".data");
  EvalConfig validation;
  validation.data = config.val_data;
  job.val = MakeEvalData(run, validation, *job.train);
  const int classes = job.train->Labels().size();
  CheckTask(run, config, *job.train);
  if (classes < 2) {
    throw Error(run.name, ".data: has one class, ", job.train->Labels().names.front(),
                ", so there is nothing to learn; name what is not it as a class of its own, "
                "\"background\"");
  }
  torch::manual_seed(MixSeed(config.seed, kWeightSalt));
  job.model = MakeModel(config.model, classes, run.name + ".model");
  job.model_spec = config.model;
  job.options = config.train;
  job.options.iterations = config.train.Steps(job.train->Size());
  job.seed = config.seed;
  job.title = run.name;
  job.transforms = RunTransforms(run, config, *job.model);
  return job;
}

}  // namespace seglab
