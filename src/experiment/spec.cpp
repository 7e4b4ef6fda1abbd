#include "experiment/spec.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"
#include "data/registry.h"
#include "train/options.h"

namespace seglab {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string>& RunKeys() {
  static const std::vector<std::string> keys = {"seed", "model", "data", "train", "eval"};
  return keys;
}

bool IsRunKey(const std::string& setting) {
  const std::string first = setting.substr(0, setting.find_first_of(".="));
  return std::find(RunKeys().begin(), RunKeys().end(), first) != RunKeys().end();
}

/// "runs.FCN-8s.train.lr=1" becomes "runs.3.train.lr=1".
std::string NumberedRun(const Json& root, const std::string& setting) {
  const std::string prefix = "runs.";
  if (setting.rfind(prefix, 0) != 0 || !root.contains("runs") || !root["runs"].is_array())
    return setting;
  for (size_t i = 0; i < root["runs"].size(); ++i) {
    const Json& run = root["runs"][i];
    if (!run.is_object() || !run.contains("name") || !run["name"].is_string()) continue;
    const std::string name = prefix + run["name"].get<std::string>() + ".";
    if (setting.rfind(name, 0) == 0) return StrCat(prefix, i, ".", setting.substr(name.size()));
  }
  return setting;
}

/// Data sets that need a root get `root`, the others none.
void ApplyDataRoot(Json& config, const std::string& root) {
  if (root.empty() || !config.contains("data") || !config["data"].is_object()) return;
  const Json name = config["data"].value("name", Json());
  for (const DatasetRow& row : DatasetRows()) {
    if (name == Json(row.name) && row.needs_root) config["data"]["root"] = root;
  }
}

/// A value as it stands in a run's name: "vgg16", "3", the "name" of an object.
std::string ShortText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_object() && value.contains("name") && value["name"].is_string()) {
    return value["name"].get<std::string>();
  }
  return value.dump();
}

struct SweepPoint {
  std::vector<std::pair<std::string, Json>> values;
  /// " [backbone=vgg16, seed=2]"
  std::string Suffix(bool with_seed) const {
    std::vector<std::string> parts;
    for (const auto& [key, value] : values) {
      if (key == "seed" && !with_seed) continue;
      parts.push_back(key.substr(key.rfind('.') + 1) + "=" + ShortText(value));
    }
    return parts.empty() ? "" : " [" + Join(parts) + "]";
  }
};

/// All combinations, the first key slowest.
std::vector<SweepPoint> SweepPoints(const Json& sweep, const std::string& path) {
  std::vector<SweepPoint> points = {{}};
  for (const auto& [key, values] : sweep.items()) {
    if (!values.is_array() || values.empty())
      throw Error(path, ".", key, ": must be a list of values");
    if (!IsRunKey(key)) {
      throw Error(path, ".", key, ": only keys of a run can be swept: ", Join(RunKeys()));
    }
    std::vector<SweepPoint> longer;
    for (const SweepPoint& point : points) {
      for (const Json& value : values) {
        longer.push_back(point);
        longer.back().values.emplace_back(key, value);
      }
    }
    points = std::move(longer);
  }
  return points;
}

/// The run named by "init", when it names one.
std::string InitName(const Json& run) {
  if (!run.contains("init")) return "";
  const Json& init = run["init"];
  if (init.is_string()) return init.get<std::string>();
  if (init.is_object() && init.contains("from") && init["from"].is_string()) {
    return init["from"].get<std::string>();
  }
  return "";
}

/// True when a run's "data" is of another data set than the default's, whose options it then does
/// not inherit.
bool NamesAnother(const Json& defaults, const Json& data) {
  if (!data.is_object() || !data.contains("name") || !defaults.contains("data")) return false;
  return defaults["data"].is_object() && defaults["data"].value("name", Json()) != data["name"];
}

RunSpec ResolveRun(const Json& defaults, const Json& entry, const std::string& path,
                   const std::vector<std::string>& settings, const std::string& data_root) {
  JsonReader reader(entry, path);
  RunSpec run;
  run.name = reader.Require<std::string>("name");
  if (run.name.empty() || run.name.find('/') != std::string::npos) {
    throw Error(reader.Path("name"), ": must be a name that can be a folder, found \"", run.name,
                "\"");
  }
  reader.Get("paper", run.paper);
  run.config = defaults;
  for (const std::string& key : RunKeys()) {
    Json value;
    if (!reader.Get(key, value)) continue;
    if (key == "data" && NamesAnother(run.config, value)) run.config.erase("data");
    MergeJson(run.config, Json{{key, value}});
  }
  Json init;
  if (reader.Get("init", init)) run.config["init"] = init;
  reader.Finish();
  ApplyDataRoot(run.config, data_root);
  for (const std::string& setting : settings) ApplySetting(run.config, setting);
  return run;
}

/// Orders the runs so that each stands behind the run it starts from.
std::vector<RunSpec> InOrder(const std::vector<RunSpec>& runs, const std::string& path) {
  std::vector<RunSpec> ordered;
  std::vector<bool> placed(runs.size(), false);
  auto has = [&](const std::string& name) {
    return std::any_of(ordered.begin(), ordered.end(),
                       [&](const RunSpec& r) { return r.name == name; });
  };
  while (ordered.size() < runs.size()) {
    const size_t before = ordered.size();
    for (size_t i = 0; i < runs.size(); ++i) {
      if (placed[i] || (!runs[i].init_run.empty() && !has(runs[i].init_run))) continue;
      placed[i] = true;
      ordered.push_back(runs[i]);
    }
    if (ordered.size() == before) throw Error(path, ": the \"init\" of its runs form a circle");
  }
  return ordered;
}

}  // namespace

std::string ExperimentsFolder() {
  const char* folder = std::getenv("SEGLAB_EXPERIMENTS");
  return folder != nullptr && *folder != '\0' ? folder : SEGLAB_SOURCE_EXPERIMENTS;
}

std::string FindExperiment(const std::string& name_or_path) {
  if (FileExists(name_or_path)) return name_or_path;
  const std::string folder = ExperimentsFolder();
  if (!name_or_path.empty()) {
    for (const char* suffix : {".json", "/shapes.json"}) {
      const std::string path = JoinPath(folder, name_or_path + suffix);
      if (FileExists(path)) return path;
    }
    const std::string room = JoinPath(folder, name_or_path);
    if (FolderExists(room)) {
      const std::vector<std::string> files = ListFiles(room, {".json"});
      if (!files.empty()) return JoinPath(room, files.front());
    }
  }
  std::vector<std::string> names;
  if (FolderExists(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      const fs::path& path = entry.path();
      const bool room = entry.is_directory() && path.filename() != "common";
      if (room || path.extension() == ".json") names.push_back(path.stem().string());
    }
    std::sort(names.begin(), names.end());
  }
  throw Error("experiment: ", UnknownName("experiment or file", name_or_path, names));
}

Experiment LoadExperiment(const std::string& path, const std::vector<std::string>& settings,
                          const std::string& data_root) {
  const fs::path file = fs::absolute(path);
  std::string name = file.stem().string();
  if (file.parent_path().parent_path().filename() == "experiments") {
    name = file.parent_path().filename().string() + "-" + name;
  }
  return ResolveExperiment(ReadJsonFile(path), path, name, settings, data_root);
}

Experiment ResolveExperiment(Json root, const std::string& path, const std::string& name,
                             const std::vector<std::string>& settings,
                             const std::string& data_root) {
  std::vector<std::string> run_settings;
  for (const std::string& setting : settings) {
    if (IsRunKey(setting)) {
      run_settings.push_back(setting);
    } else {
      ApplySetting(root, NumberedRun(root, setting));
    }
  }

  JsonReader reader(root, path);
  Experiment experiment;
  experiment.name = name;
  reader.Get("name", experiment.name);
  experiment.title = experiment.name;
  reader.Get("title", experiment.title);
  reader.Get("description", experiment.description);
  experiment.columns = {"pixel_acc", "mean_acc", "mean_iou", "fw_iou"};
  if (auto paper = reader.Child("paper")) {
    paper->Get("ref", experiment.paper_ref);
    paper->Get("columns", experiment.columns);
    paper->Finish();
  }
  Json defaults = Json::object();
  for (const std::string& key : RunKeys()) {
    Json value;
    if (reader.Get(key, value)) defaults[key] = value;
  }
  const Json entries = reader.Require<Json>("runs");
  if (!entries.is_array() || entries.empty())
    throw Error(path, ": \"runs\" must be a list of at least one run");
  Json sweep = Json::object();
  reader.Get("sweep", sweep);
  if (!sweep.is_object()) throw Error(path, ": \"sweep\" must be an object of lists");
  reader.Finish();

  std::vector<std::string> names;
  for (const Json& entry : entries) {
    const Json name = entry.is_object() ? entry.value("name", Json()) : Json();
    if (name.is_string()) names.push_back(name.get<std::string>());
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (std::count(names.begin(), names.end(), names[i]) > 1) {
      throw Error(path, ": two runs are named \"", names[i], "\"");
    }
  }
  std::vector<RunSpec> runs;
  for (const SweepPoint& point : SweepPoints(sweep, path + ": sweep")) {
    for (size_t i = 0; i < entries.size(); ++i) {
      RunSpec run = ResolveRun(defaults, entries[i], StrCat(path, ": runs[", i, "]"), run_settings,
                               data_root);
      for (const auto& [key, value] : point.values)
        ApplySetting(run.config, key + "=" + value.dump());
      const std::string init = InitName(entries[i]);
      if (std::find(names.begin(), names.end(), init) != names.end())
        run.init_run = init + point.Suffix(true);
      run.group = run.name + point.Suffix(false);
      run.name += point.Suffix(true);
      if (!run.paper.empty() && run.paper.size() != experiment.columns.size()) {
        throw Error(path, ": runs[", i, "].paper has ", run.paper.size(), " figures for ",
                    experiment.columns.size(), " columns");
      }
      runs.push_back(std::move(run));
    }
  }
  experiment.runs = InOrder(runs, path);
  return experiment;
}

std::string RunHash(const RunSpec& run, const std::string& init_hash) {
  Json config = run.config;
  if (config.contains("train") && config["train"].is_object()) {
    for (const std::string& key : TrainOptions::NeutralKeys()) config["train"].erase(key);
  }
  config.erase("eval");
  if (!init_hash.empty()) config["init_hash"] = init_hash;
  return HashHex(CanonicalJson(config));
}

}  // namespace seglab
