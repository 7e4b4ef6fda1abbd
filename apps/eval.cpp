#include <torch/torch.h>

#include <iostream>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/format.h"
#include "base/log.h"
#include "command_line.h"
#include "commands.h"
#include "data/registry.h"
#include "inference/boundary_sink.h"
#include "inference/confusion_sink.h"
#include "inference/evaluate.h"
#include "inference/rand_sink.h"
#include "inference/trimap_sink.h"
#include "metrics/scores.h"
#include "models/registry.h"
#include "option_groups.h"
#include "predict_flags.h"
#include "score_warnings.h"

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

}  // namespace

int EvalCommand(const Args& args) {
  std::string json, absent = "union", trimap, rand_class;
  double boundary_f1 = 0;
  DataOptions data("val", "score on");
  NetworkOptions network;
  PredictFlags flags;
  EvalOptions options;
  CommandLine line(
      "eval --checkpoint DIR|FILE --dataset NAME [--data-root DIR] [--split NAME] [--crf] [--tta] "
      "[--json FILE]",
      "Scores a trained network on a data set, an image at a time.");
  network.AddTo(line);
  data.AddTo(line);
  AddAbsent(line, &absent);
  line.Option("trimap", &trimap,
              "score bands around boundaries too: their widths in pixels, 2,8,32")
      .Option("boundary-f1", &boundary_f1,
              "boundary F1 too: what is near, as part of the diagonal, 0.0075")
      .Option("rand", &rand_class,
              "Rand error too, of the objects of this class, by name or number")
      .Option("threads", &options.threads, "loader threads; -1 = as many as cores");
  AddScoresFile(line, &json);
  flags.AddTo(line, "an option of the data set: limit=50");
  if (!line.Parse(args)) return 0;
  const AbsentPolicy policy = ParseAbsentPolicy(absent);
  const PredictOptions predict = flags.Options();
  const std::vector<double> widths = ParseWidths(trimap);
  if (line.Given("boundary-f1")) CheckBoundaryTolerance(boundary_f1, "--boundary-f1");
  const std::shared_ptr<const Dataset> dataset = MakeDataset(data.Spec(line, flags.others()));
  std::optional<RandSink> rand;
  if (line.Given("rand")) {
    const int index = ClassIndex(dataset->Labels(), rand_class, "--rand");
    rand.emplace(index, dataset->Labels().names[static_cast<size_t>(index)]);
  }
  const LoadedModel loaded = network.Load(dataset->Labels(), data.name());
  const bool classifier = ModelTask(loaded.spec, loaded.path) == Task::kClassification;
  if (classifier != (dataset->GetTask() == Task::kClassification)) {
    throw Error(loaded.path, ": is a ", classifier ? "classifier" : "segmentation network",
                ", which cannot be scored on ", data.name(), "; take another data set");
  }
  Predictor predictor(loaded.model, predict);
  ConfusionSink confusion(dataset->Labels().size());
  TrimapSink bands(dataset->Labels().size(), classifier ? std::vector<double>() : widths);
  IgnoredPixels ignored;
  BoundarySink boundary(dataset->Labels().size(), boundary_f1);
  std::vector<EvalSink*> sinks = {&confusion, &bands, &ignored};
  const bool has_boundary = !classifier && boundary_f1 > 0;
  if (has_boundary) sinks.push_back(&boundary);
  if (classifier && rand)
    throw Error("--rand: is of label maps, which a classifier does not make; leave it out");
  if (rand) sinks.push_back(&*rand);
  const EvalSummary result = Evaluate(predictor, dataset, sinks, options);
  const Scores scores = ComputeScores(confusion.matrix(), policy);
  const std::vector<std::string>& names = dataset->Labels().names;
  std::cout << ScoresToText(scores, names, result.images) << bands.ToText(policy)
            << (has_boundary ? boundary.ToText() : "") << (rand ? rand->ToText() : "");
  WarnOfScores(confusion.matrix(), names, classifier ? 0 : ignored.count);
  Log::Info(result.images, " images in ", FormatDuration(result.seconds), ", waiting for data ",
            static_cast<int>(100 * result.wait_seconds / std::max(result.seconds, 1e-9) + 0.5),
            " %");
  if (!json.empty()) {
    Json written = ScoresToJson(scores, confusion.matrix(), names, result.images);
    if (!widths.empty()) written["trimap"] = bands.ToJson(policy);
    if (has_boundary) written["boundary_f1"] = boundary.ToJson();
    if (rand) written["rand"] = rand->ToJson();
    WriteFileAtomically(json, JsonText(written));
  }
  return 0;
}

}  // namespace seglab
