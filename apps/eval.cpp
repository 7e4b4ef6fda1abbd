#include <torch/torch.h>

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
#include "inference/trimap_sink.h"
#include "metrics/scores.h"
#include "models/registry.h"
#include "predict_flags.h"
#include "score_warnings.h"
#include "tensor/runtime.h"
#include "weights/load.h"
#include "weights/model_spec.h"

namespace seglab {

namespace {

/// "2,8,32" @throws UsageError
std::vector<double> ParseWidths(const std::string& text) {
  if (text.empty()) return {};
  std::vector<double> widths;
  const Json json = Json::parse("[" + text + "]", nullptr, /*allow_exceptions=*/false);
  for (const Json& width : json.is_array() ? json : Json::array()) {
    if (width.is_number()) widths.push_back(width.get<double>());
  }
  if (widths.empty() || widths.size() != json.size()) {
    throw UsageError("--trimap: must be widths in pixels, e.g. 2,8,32, found \"", text, "\"");
  }
  CheckTrimapWidths(widths, "--trimap");
  return widths;
}

/// Counts pixels that are not scored.
class IgnoredPixels : public EvalSink {
 public:
  void Add(const EvalItem& item) override { count += item.truth.eq(255).sum().item<int64_t>(); }
  int64_t count = 0;
};

/// Takes "val" where the user names no split, or all where the data set has none.
void TakeUsualSplit(Json& spec) {
  const std::vector<std::string> splits = SplitsOf(spec);
  if (splits.empty() && spec.at("name") == "folder") {
    Log::Info(spec.value("root", "the data set"),
              ": has no splits, all samples are scored; --set \'split={\"fraction\": 0.8, ",
              "\"part\": \"val\"}\' scores a part");
    return;
  }
  spec["split"] = "val";
}

}  // namespace

int EvalCommand(const Args& args) {
  std::string checkpoint, model, key, dataset_name, data_root,
      split = "val", json, absent = "union", device = "auto", trimap;
  PredictFlags flags;
  EvalOptions options;
  CommandLine line(
      "eval --checkpoint DIR|FILE --dataset NAME [--data-root DIR] [--split NAME] [--crf] [--tta] "
      "[--json FILE]",
      "Scores a trained network on a data set, an image at a time.");
  line.Required("checkpoint", &checkpoint, "run folder or weight file")
      .Required("dataset", &dataset_name, "name of the data set")
      .Option("model", &model,
              "network of a weight file that does not name it: its name, JSON or a file")
      .Option("key", &key, kKeyHelp)
      .Option("data-root", &data_root, "its root folder")
      .Option("split", &split, "split to score on")
      .Option("absent", &absent, "rule for classes that are absent: union, truth, one, zero, nan")
      .Option("trimap", &trimap,
              "score bands around boundaries too: their widths in pixels, 2,8,32")
      .Option("threads", &options.threads, "loader threads; -1 = as many as cores")
      .Option("device", &device, "auto, cpu, cuda, cuda:1")
      .Option("json", &json, "write the scores to this file as well");
  flags.AddTo(line, "an option of the data set: limit=50");
  if (!line.Parse(args)) return 0;
  const AbsentPolicy policy = ParseAbsentPolicy(absent);
  const PredictOptions predict = flags.Options();
  const std::vector<double> widths = ParseWidths(trimap);
  Json spec = {{"name", dataset_name}};
  if (line.Given("split") && !split.empty()) spec["split"] = split;
  if (!data_root.empty()) spec["root"] = data_root;
  for (const std::string& setting : flags.others()) ApplySetting(spec, setting);
  if (!line.Given("split") && !spec.contains("split")) TakeUsualSplit(spec);

  const std::shared_ptr<const Dataset> dataset = MakeDataset(spec);
  ModelChoice choice;
  if (!model.empty()) choice.model = ParseModelSpec(model, "--model");
  choice.key = key;
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
  TrimapSink bands(dataset->Labels().size(), classifier ? std::vector<double>() : widths);
  IgnoredPixels ignored;
  const EvalSummary result = Evaluate(predictor, dataset, {&confusion, &bands, &ignored}, options);
  const Scores scores = ComputeScores(confusion.matrix(), policy);
  const std::vector<std::string>& names = dataset->Labels().names;
  std::cout << ScoresToText(scores, names, result.images) << bands.ToText(policy);
  WarnOfScores(confusion.matrix(), names, classifier ? 0 : ignored.count);
  Log::Info(result.images, " images in ", FormatDuration(result.seconds), ", waiting for data ",
            static_cast<int>(100 * result.wait_seconds / std::max(result.seconds, 1e-9) + 0.5),
            " %");
  if (!json.empty()) {
    Json written = ScoresToJson(scores, confusion.matrix(), names, result.images);
    if (!widths.empty()) written["trimap"] = bands.ToJson(policy);
    WriteFileAtomically(json, JsonText(written));
  }
  return 0;
}

}  // namespace seglab
