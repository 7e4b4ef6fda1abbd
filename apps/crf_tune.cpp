#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/format.h"
#include "base/log.h"
#include "base/names.h"
#include "command_line.h"
#include "commands.h"
#include "data/registry.h"
#include "inference/crf_search.h"
#include "models/registry.h"
#include "tensor/runtime.h"
#include "weights/load.h"
#include "weights/model_spec.h"

namespace seglab {
namespace {

std::string Row(const CrfTrial& trial, const std::string& name) {
  const auto cell = [](const std::string& text) {
    return std::string(text.size() < 8 ? 8 - text.size() : 1, ' ') + text;
  };
  const auto number = [&cell](double x) { return cell(Significant(x, 4)); };
  std::string row =
      cell(FormatPercent(100 * trial.mean_iou)) + cell(FormatPercent(100 * trial.pixel_acc));
  if (!name.empty()) return row + "   " + name + "\n";
  return row + number(trial.options.bilateral_weight) + number(trial.options.bilateral_sigma_xy) +
         number(trial.options.bilateral_sigma_rgb) + "\n";
}

void Print(const CrfSearchResult& result, size_t shown) {
  std::cout << " mean IU   pixel  weight      xy     rgb\n" << Row(result.plain, "without CRF");
  for (size_t i = 0; i < std::min(shown, result.trials.size()); ++i) {
    std::cout << Row(result.trials[i], "");
  }
  if (result.trials.size() > shown) {
    std::cout << "and " << result.trials.size() - shown << " more, the worst\n"
              << Row(result.trials.back(), "");
  }
}

}  // namespace

int CrfTuneCommand(const Args& args) {
  std::string checkpoint, model, key, dataset_name, data_root, split = "train", out, preset, grid,
                                                               absent = "union", device = "auto";
  std::vector<std::string> settings;
  CrfSearchOptions options;
  CommandLine line(
      "crf tune --checkpoint DIR|FILE --dataset NAME [--data-root DIR] --out DIR",
      "Searches a CRF's bilateral kernel for a trained network on a few images: a "
      "coarse grid, then finer ones around the best. Stopped, it goes on where it was.");
  line.Required("checkpoint", &checkpoint, "run folder or weight file")
      .Required("dataset", &dataset_name, "name of the data set")
      .Required("out", &out, "folder of the search: tried.jsonl, best.json, the images' scores")
      .Option("model", &model,
              "network of a weight file that does not name it: its name, JSON or a file")
      .Option("key", &key, kKeyHelp)
      .Option("data-root", &data_root, "its root folder")
      .Option("split", &split, "split to search on; not the one that is reported")
      .Many("set", &settings,
            "crf.KEY=VALUE for what is not searched, or an option of the data set")
      .Option("preset", &preset, "published parameters for what is not searched")
      .Option("images", &options.images, "so many, spread evenly over the split")
      .Option("rounds", &options.rounds, "1 = the coarse grid alone")
      .Option(
          "grid", &grid,
          "the coarse grid, '{\"weights\": [...], \"sigmas_xy\": [...], \"sigmas_rgb\": [...]}'")
      .Option("absent", &absent, "rule for classes that are absent: union, truth, one, zero, nan")
      .Option("threads", &options.threads, "images at once; 0 = as many as cores")
      .Option("device", &device, "auto, cpu, cuda, cuda:1");
  if (!line.Parse(args)) return 0;
  options.policy = ParseAbsentPolicy(absent);
  Json data = {{"name", dataset_name}, {"split", split}};
  if (!data_root.empty()) data["root"] = data_root;
  Json crf = {{"crf", Json::object()}};
  if (!preset.empty()) crf["crf"]["preset"] = preset;
  for (const std::string& setting : settings) {
    ApplySetting(setting.rfind("crf.", 0) == 0 ? crf : data, setting);
  }
  options.start = CrfOptions::FromJson(crf["crf"], "--set crf");
  if (!grid.empty()) {
    const Json json = ParseJson(grid, "--grid");
    JsonReader reader(json, "--grid");
    reader.Get("weights", options.weights);
    reader.Get("sigmas_xy", options.sigmas_xy);
    reader.Get("sigmas_rgb", options.sigmas_rgb);
    reader.Finish();
  }
  options.Check("crf tune");

  const std::shared_ptr<const Dataset> dataset = MakeDataset(data);
  if (dataset->GetTask() != Task::kSegmentation) {
    throw Error(dataset_name, ": has no label maps; take a data set of segmentation");
  }
  ModelChoice choice;
  if (!model.empty()) choice.model = ParseModelSpec(model, "--model");
  choice.labels = dataset->Labels();
  choice.labels_from = dataset_name;
  choice.key = key;
  const LoadedModel loaded = LoadModelFile(checkpoint, choice);
  if (ModelTask(loaded.spec, loaded.path) == Task::kClassification) {
    throw Error(loaded.path, ": is a classifier, which has no map of scores to refine");
  }
  loaded.model->to(PickDevice(device));
  Predictor predictor(loaded.model);
  Json identity = {
      {"checkpoint", loaded.path}, {"data", data}, {"images", options.images}, {"absent", absent}};
  if (!key.empty()) identity["key"] = key;
  const CrfSearchResult result = SearchCrf(predictor, *dataset, out, identity, options);
  constexpr size_t kShown = 12;
  Print(result, kShown);
  const std::string best = JoinPath(out, "best.json");
  WriteFileAtomically(best, JsonText(result.trials.front().options.ToJson()));
  Log::Info("best parameters: ", best,
            "; for an experiment, \"crf\": ", result.trials.front().options.ToJson().dump());
  return 0;
}

}  // namespace seglab
