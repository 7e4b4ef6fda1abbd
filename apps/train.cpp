#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "command_line.h"
#include "commands.h"
#include "data/registry.h"
#include "experiment/check.h"
#include "experiment/collect.h"
#include "experiment/execute.h"
#include "experiment/plan.h"
#include "experiment/resolve.h"
#include "experiment/run_folder.h"
#include "experiment/runner.h"
#include "metrics/scores.h"
#include "models/registry.h"
#include "option_groups.h"
#include "report/report.h"
#include "train/options.h"
#include "weights/model_spec.h"

namespace seglab {
namespace {

/// Splits of a data set that has none are drawn, where the user names none.
void DrawSplits(Json& data, const std::string& data_root) {
  if (data_root.empty() ||
      !SplitsOf({{"name", data["name"]}, {"root", data_root}}, "--dataset").empty())
    return;
  Log::Info(data_root,
            ": has no splits; 80 % of the samples are trained on, drawn with seed 1, and "
            "the others scored");
  for (const char* part : {"train", "val"})
    data[part]["split"] = {{"fraction", 0.8}, {"seed", 1}, {"part", part}};
}

/// The experiment of one run that the options describe.
Json OneRun(const std::string& model, const std::string& backbone, const std::string& dataset,
            const std::string& split, const std::string& val_split, const std::string& init) {
  Json run = {{"name", "train"}, {"model", ParseModelSpec(model, backbone, "--model")}};
  if (!init.empty()) run["init"] = init.front() == '{' ? ParseJson(init, "--init") : Json(init);
  run["data"] = {{"name", dataset}, {"train", {{"split", split}}}, {"val", {{"split", val_split}}}};
  return {{"runs", Json::array({run})}};
}

}  // namespace

int TrainCommand(const Args& args) {
  std::string config, model = "fcn8s", backbone, val_split = "val", init, out;
  DataOptions data("train", "train on");
  std::vector<std::string> settings;
  int64_t seed = 1;
  RunnerOptions options;
  CommandLine line(
      "train --config FILE | --model NAME --dataset NAME --data-root DIR ... --out DIR",
      "Trains one network, or goes on with it, and scores it.");
  line.Option("config", &config,
              "JSON of one run: model, data, train, seed, init (as in an experiment's \"runs\")")
      .Option("model", &model, "network: its name, JSON or a file");
  AddBackbone(line, &backbone);
  data.AddTo(line);
  line.Option("val-split", &val_split, "split to score on")
      .Option("init", &init,
              "checkpoint or weight file to start from, or JSON {\"from\": FILE, \"skip\": "
              "[\"score_fr\"]}")
      .Many("set", &settings,
            "change a value, e.g. --set train.iterations=1000 --set train.lr=0.01")
      .Option("seed", &seed, "of weights, order and crops; short for --set seed=N")
      .Required("out", &out, "run folder")
      .Appendix(TrainOptions::Help());
  int processes = 1;
  AddProcesses(line, &processes);
  AddLogForms(line, &options.forms);
  AddDevice(line, &options.device);
  if (!line.Parse(args)) return 0;
  if (config.empty() == data.name().empty())
    throw UsageError("train: give either --config or --model and --dataset");
  for (const char* option : {"model", "backbone", "split", "val-split", "init"}) {
    if (!config.empty() && line.Given(option))
      throw UsageError("train: --", option, " belongs into ", config, "; or change it with --set");
  }

  if (line.Given("seed")) settings.push_back(StrCat("seed=", seed));
  Json root = config.empty() ? OneRun(model, backbone, data.name(), data.split(), val_split, init)
                             : ReadJsonFile(config);
  if (config.empty() && !line.Given("split") && !line.Given("val-split"))
    DrawSplits(root["runs"][0]["data"], data.root());
  const std::string where = config.empty() ? "train" : config;
  if (!root.is_object()) throw Error(where, ": must be an object, a run or an experiment");
  if (!config.empty() && !root.contains("runs")) {
    root["name"] = "train";
    root = {{"runs", Json::array({root})}};
  }
  const Experiment experiment = ResolveExperiment(root, where, "train", settings, data.root());
  if (experiment.runs.size() != 1) {
    throw Error(where, ": describes ", experiment.runs.size(), " runs; seglab run runs them all");
  }
  const Json& run_config = experiment.runs[0].config;
  const bool fitted = run_config.contains("model") &&
                      ModelRecipe(run_config["model"], where + ": model") == Recipe::kFitted;
  const Json train = run_config.value("train", Json::object());
  TrainOptions::FromJson(train, where + ": train");  // a key that is wrong is why one is missing
  if (!fitted && !train.contains("iterations") && !train.contains("epochs")) {
    throw Error(where,
                ": train.iterations is missing, the number of steps, as in --set "
                "train.iterations=1000, or --set train.epochs=20");
  }
  ContentHashes hashes(ContentHashesFile(out));
  RunSpec spec = experiment.runs[0];
  spec.config = AsGiven(spec.config, out);
  const PlannedRun run = PlanRun(spec, IdentityOf(spec, "", hashes), out);
  if (run.folder != out) {
    throw Error(out, ": holds a training with other settings: ", run.others,
                "; choose another --out (to train on from it, with --init ", out,
                "), or remove that folder");
  }
  const std::unique_ptr<Group> group = MeetGroup(options.device);
  if (run.status != RunStatus::kFinished) {
    if (IsFirst(group.get())) {
      RunChecks(group != nullptr).Check(spec, nullptr, run.status == RunStatus::kNew);
      CheckWritableFolder(out);
      hashes.Save();
    }
    ExecuteRun(run, {options.device, options.pictures, options.forms, group.get(), "", out});
  }
  if (!IsFirst(group.get())) return 0;
  const std::string page = JoinPath(out, "report.html");
  if (run.status != RunStatus::kFinished || !FileExists(page)) {
    const ExperimentResult result = ResultOfRunFolder(out, TypedCommand("train", args));
    WriteTablesAndPage(result, MakeCertainty(result));
  }
  for (const auto& [name, evaluation] : ReadStoredResult(out).evaluations) {
    if (!name.empty()) std::cout << name << "\n";
    std::cout << evaluation.value("summary", "");
  }
  Log::Info("report: ", page);
  return 0;
}

}  // namespace seglab
