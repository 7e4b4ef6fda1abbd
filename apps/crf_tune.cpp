#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/format.h"
#include "base/log.h"
#include "base/names.h"
#include "command_line.h"
#include "commands.h"
#include "inference/crf_search.h"
#include "option_groups.h"

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
  std::string out, preset, grid, absent = "union";
  DataOptions data("train", "search on; not the one that is reported");
  NetworkOptions network;
  std::vector<std::string> settings;
  CrfSearchOptions options;
  CommandLine line(
      "crf tune --checkpoint DIR|FILE --dataset NAME [--data-root DIR] --out DIR",
      "Searches a CRF's bilateral kernel for a trained network on a few images: a "
      "coarse grid, then finer ones around the best. Stopped, it goes on where it was.");
  network.AddTo(line);
  data.AddTo(line);
  AddAbsent(line, &absent);
  line.Required("out", &out, "folder of the search: tried.jsonl, best.json, the images' scores")
      .Many("set", &settings,
            "crf.KEY=VALUE for what is not searched, or an option of the data set")
      .Option("preset", &preset, "published parameters for what is not searched")
      .Option("images", &options.images, "so many, spread evenly over the split")
      .Option("rounds", &options.rounds, "1 = the coarse grid alone")
      .Option(
          "grid", &grid,
          "the coarse grid, '{\"weights\": [...], \"sigmas_xy\": [...], \"sigmas_rgb\": [...]}'")
      .Option("threads", &options.threads, "images at once; 0 = as many as cores");
  if (!line.Parse(args)) return 0;
  options.policy = ParseAbsentPolicy(absent);
  Json crf = {{"crf", Json::object()}};
  if (!preset.empty()) crf["crf"]["preset"] = preset;
  std::vector<std::string> of_data;
  for (const std::string& setting : settings) {
    if (setting.rfind("crf.", 0) == 0) {
      ApplySetting(crf, setting);
    } else {
      of_data.push_back(setting);
    }
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

  const Json spec = data.Spec(line, of_data);
  const std::shared_ptr<const Dataset> dataset = MakeSegmentationData(spec);
  const LoadedModel loaded = network.Load(dataset->Labels(), data.name());
  RefuseClassifier(loaded, "has no map of scores to refine");
  Predictor predictor(loaded.model);
  Json identity = {
      {"checkpoint", loaded.path}, {"data", spec}, {"images", options.images}, {"absent", absent}};
  if (!network.key().empty()) identity["key"] = network.key();
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
