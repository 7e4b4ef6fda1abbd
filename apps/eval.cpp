#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/format.h"
#include "base/log.h"
#include "command_line.h"
#include "commands.h"
#include "data/registry.h"
#include "inference/confusion_sink.h"
#include "inference/evaluate.h"
#include "metrics/scores.h"
#include "models/registry.h"
#include "tensor/runtime.h"
#include "weights/load.h"
#include "weights/model_spec.h"

namespace seglab {

int EvalCommand(const Args& args) {
  std::string checkpoint, model, dataset_name, data_root,
      split = "val", json, absent = "union", device = "auto",
      precision = PrecisionName(Precision::kFloat32);
  std::vector<std::string> settings;
  EvalOptions options;
  CommandLine line(
      "eval --checkpoint DIR|FILE --dataset NAME [--data-root DIR] [--split NAME] [--json FILE]",
      "Scores a trained network on a data set, an image at a time.");
  line.Required("checkpoint", &checkpoint, "run folder or weight file")
      .Required("dataset", &dataset_name, "name of the data set")
      .Option("model", &model,
              "network of a weight file that does not name it: its name, JSON or a file")
      .Option("data-root", &data_root, "its root folder")
      .Option("split", &split, "split to score on")
      .Many("set", &settings, "an option of the data set, e.g. --set limit=50")
      .Option("absent", &absent, "rule for classes that are absent: union, truth, one, zero, nan")
      .Option("precision", &precision, "float32 or bfloat16")
      .Option("threads", &options.threads, "loader threads; -1 = as many as cores")
      .Option("device", &device, "auto, cpu, cuda, cuda:1")
      .Option("json", &json, "write the scores to this file as well");
  if (!line.Parse(args)) return 0;
  const AbsentPolicy policy = ParseAbsentPolicy(absent);
  const PredictOptions predict = {ParsePrecision(precision, "--precision")};
  Json spec = {{"name", dataset_name}, {"split", split}};
  if (!data_root.empty()) spec["root"] = data_root;
  for (const std::string& setting : settings) ApplySetting(spec, setting);

  const std::shared_ptr<const Dataset> dataset = MakeDataset(spec);
  ModelChoice choice;
  if (!model.empty()) choice.model = ParseModelSpec(model, "--model");
  choice.labels = dataset->Labels();
  choice.labels_from = dataset_name;
  const LoadedModel loaded = LoadModelFile(checkpoint, choice);
  const bool classifier = ModelTask(loaded.spec, loaded.path) == Task::kClassification;
  if (classifier != (dataset->GetTask() == Task::kClassification)) {
    throw Error(loaded.path, ": is a ", classifier ? "classifier" : "segmentation network",
                ", which cannot be scored on ", dataset_name, "; take another data set");
  }
  loaded.model->to(PickDevice(device));
  Predictor predictor(loaded.model, predict);
  ConfusionSink confusion(dataset->Labels().size());
  const EvalSummary result = Evaluate(predictor, dataset, {&confusion}, options);
  const Scores scores = ComputeScores(confusion.matrix(), policy);
  const std::vector<std::string>& names = dataset->Labels().names;
  std::cout << ScoresToText(scores, names, result.images);
  Log::Info(result.images, " images in ", FormatDuration(result.seconds), ", waiting for data ",
            static_cast<int>(100 * result.wait_seconds / std::max(result.seconds, 1e-9) + 0.5),
            " %");
  if (!json.empty()) {
    WriteFileAtomically(json,
                        JsonText(ScoresToJson(scores, confusion.matrix(), names, result.images)));
  }
  return 0;
}

}  // namespace seglab
