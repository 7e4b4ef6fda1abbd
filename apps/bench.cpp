#include "bench/bench.h"

#include <torch/torch.h>

#include <algorithm>
#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/names.h"
#include "command_line.h"
#include "commands.h"
#include "data/registry.h"
#include "models/registry.h"
#include "option_groups.h"
#include "tensor/runtime.h"
#include "weights/model_spec.h"

namespace seglab {
namespace {

/// Everything that the command line says.
struct BenchFlags {
  std::string model = "fcn8s", backbone, device = "auto", precision = "float32", transforms;
  std::string preset, mode = "fast";
  DataOptions data{"", "read"};
  std::vector<std::string> settings;
  int classes = 21, batch = 1, height = 375, width = 500, threads = 0;
  int64_t pixels = int64_t{1} << 24;
  bool winograd = false;
  RepeatOptions repeats;
};

/// The network, or for a region network its refusal.
NetworkBench Network(const BenchFlags& flags) {
  const Json spec = ParseModelSpec(flags.model, flags.backbone, "--model");
  if (ModelRecipe(spec, "--model") == Recipe::kFitted)
    throw UsageError("bench: a region network's time is that of its regions; see bench proposals");
  NetworkBench bench;
  bench.precision = ParsePrecision(flags.precision, "--precision");
  bench.winograd = flags.winograd;
  torch::manual_seed(1);
  bench.model = MakeModel(spec, spec.contains("num_classes") ? 0 : flags.classes, "--model");
  bench.classes = spec.value("num_classes", flags.classes);
  bench.name = spec.dump();
  bench.task = ModelTask(spec, "--model");
  bench.batch = flags.batch;
  bench.height = flags.height;
  bench.width = flags.width;
  bench.model->to(PickDevice(flags.device));
  return bench;
}

BenchResult Inference(const BenchFlags& flags, const CommandLine&) {
  return BenchInference(Network(flags), flags.repeats);
}

BenchResult Train(const BenchFlags& flags, const CommandLine&) {
  return BenchTraining(Network(flags), flags.repeats);
}

BenchResult Data(const BenchFlags& flags, const CommandLine& line) {
  DataBench bench;
  const Json spec = flags.data.Spec(line, flags.settings);
  bench.dataset = MakeDataset(spec);
  bench.name = spec.dump();
  if (!flags.transforms.empty()) {
    bench.transforms =
        MakeTransforms(ParseJson(flags.transforms, "--transforms"), {0, 0, 0}, "--transforms");
  }
  bench.batch = flags.batch;
  bench.threads = line.Given("threads") ? flags.threads : -1;
  return BenchData(bench, flags.repeats);
}

int Threads(const BenchFlags& flags) { return flags.threads > 0 ? flags.threads : UsableCores(); }

BenchResult Crf(const BenchFlags& flags, const CommandLine&) {
  CrfBench bench;
  Json json = {{"crf", Json::object()}};
  if (!flags.preset.empty()) json["crf"]["preset"] = flags.preset;
  for (const std::string& setting : flags.settings) ApplySetting(json["crf"], setting);
  bench.options = CrfOptions::FromJson(json["crf"], "--set");
  bench.labels = flags.classes;
  bench.height = flags.height;
  bench.width = flags.width;
  bench.threads = Threads(flags);
  return BenchCrf(bench, flags.repeats);
}

BenchResult Proposals(const BenchFlags& flags, const CommandLine&) {
  ProposalBench bench;
  Json json = {{"mode", flags.mode}};
  for (const std::string& setting : flags.settings) ApplySetting(json, setting);
  bench.options = ProposalOptions::FromJson(json, "--set");
  bench.height = flags.height;
  bench.width = flags.width;
  bench.threads = Threads(flags);
  return BenchProposals(bench, flags.repeats);
}

BenchResult Metrics(const BenchFlags& flags, const CommandLine&) {
  return BenchMetrics(flags.classes, flags.pixels, flags.repeats);
}

struct Row {
  std::string name;
  BenchResult (*run)(const BenchFlags& flags, const CommandLine& line);
  std::vector<std::string> options;  ///< of its own, beside those that all have
};

const std::vector<Row>& Rows() {
  static const std::vector<std::string> network = {"model",     "backbone", "classes",
                                                   "batch",     "height",   "width",
                                                   "precision", "device",   "winograd"};
  static const std::vector<Row> rows = {
      {"inference", Inference, network},
      {"train", Train, network},
      {"data", Data, {"dataset", "data-root", "split", "set", "transforms", "batch"}},
      {"crf", Crf, {"classes", "height", "width", "preset", "set"}},
      {"proposals", Proposals, {"height", "width", "mode", "set"}},
      {"metrics", Metrics, {"classes", "pixels"}}};
  return rows;
}

const Row& FindRow(const std::string& name) {
  std::vector<std::string> names;
  for (const Row& row : Rows()) {
    if (row.name == name) return row;
    names.push_back(row.name);
  }
  throw UsageError("bench: ", UnknownName("benchmark", name, names));
}

/// An option of another benchmark would be without effect.
void RefuseOptionsOfOthers(const Row& chosen, const CommandLine& line) {
  for (const Row& row : Rows()) {
    for (const std::string& option : row.options) {
      if (!line.Given(option) ||
          std::find(chosen.options.begin(), chosen.options.end(), option) != chosen.options.end())
        continue;
      throw UsageError("bench ", chosen.name, ": has no --", option, "; its options: --",
                       Join(chosen.options, ", --"));
    }
  }
}

void CheckSizes(const BenchFlags& flags) {
  const auto between = [](const char* option, int64_t value, int64_t least, int64_t most) {
    if (value < least || value > most) {
      throw UsageError("bench: --", option, " must be ", least, " to ", most, ", found ", value);
    }
  };
  between("classes", flags.classes, 2, 255);
  between("batch", flags.batch, 1, 4096);
  between("height", flags.height, 32, 1024);
  between("width", flags.width, 32, 1024);
  between("pixels", flags.pixels, 1, int64_t{1} << 32);
}

}  // namespace

int BenchCommand(const Args& args) {
  std::vector<std::string> names;
  std::string json;
  BenchFlags flags;
  CommandLine line(
      "bench inference|train|data|crf|proposals|metrics [--json FILE]",
      "Times a part of the work on this machine, beside the least time that it could take.");
  line.Positional(&names, 1, 1)
      .Option("model", &flags.model, "inference, train: network, its name, JSON or a file");
  AddBackbone(line, &flags.backbone);
  line.Option("classes", &flags.classes, "of the network, labels of the CRF")
      .Option("batch", &flags.batch, "images at once")
      .Option("height", &flags.height, "rows of an image")
      .Option("width", &flags.width, "columns of an image")
      .Option("precision", &flags.precision, "float32, bfloat16, or on a GPU tf32");
  line.Flag("winograd", &flags.winograd,
            "inference, train: 3x3 convolutions by Winograd's filtering");
  AddDevice(line, &flags.device);
  flags.data.AddTo(line);
  line.Option("transforms", &flags.transforms,
              "data: JSON as in an experiment, '[{\"name\": \"flip\"}]'")
      .Option("preset", &flags.preset, "crf: published parameters")
      .Option("mode", &flags.mode, "proposals: fast or quality")
      .Option("pixels", &flags.pixels, "metrics: so many in a repeat")
      .Many("set", &flags.settings, "data, crf, proposals: an option, KEY=VALUE")
      .Option("threads", &flags.threads,
              "0 = as many as cores; data: loader threads, 0 = none, as many as cores without it")
      .Option("warm-up", &flags.repeats.warm_up, "repeats that do not count")
      .Option("repeats", &flags.repeats.repeats, "repeats that count; 0 = by --seconds")
      .Option("seconds", &flags.repeats.seconds, "at least so long, and five repeats")
      .Option("json", &json, "write what was found to this file as well");
  if (!line.Parse(args)) return 0;
  const Row& row = FindRow(names.front());
  RefuseOptionsOfOthers(row, line);
  CheckSizes(flags);
  flags.repeats.Check("bench");
  if (flags.threads > 0 && row.name != "data") SetUpRuntime(flags.threads);
  const BenchResult result = row.run(flags, line);
  std::cout << result.ToText();
  if (!json.empty()) {
    Json written = result.ToJson();
    written["runtime"] = DescribeRuntime(PickDevice(flags.device));
    WriteFileAtomically(json, JsonText(written));
  }
  return 0;
}

}  // namespace seglab
