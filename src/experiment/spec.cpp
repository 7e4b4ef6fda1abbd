#include "experiment/spec.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"
#include "data/registry.h"
#include "experiment/table.h"
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

/// What stands between `prefix` and the next dot or equals sign.
std::string StepBehind(const std::string& setting, const std::string& prefix) {
  const size_t end = setting.find_first_of(".=", prefix.size());
  return setting.substr(prefix.size(), end - prefix.size());
}

bool IsNumber(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

/// A setting "runs.FCN-8s.train.lr=1" in parts.
struct RunSetting {
  size_t index = 0;
  std::string name, rest;  ///< "FCN-8s", ".train.lr=1"
};

/// @throws Error where it names no run
std::optional<RunSetting> FindRunSetting(const Json& root, const std::string& setting) {
  const std::string prefix = "runs.";
  if (setting.rfind(prefix, 0) != 0 || !root.contains("runs") || !root["runs"].is_array())
    return std::nullopt;
  std::vector<std::string> names;
  for (size_t i = 0; i < root["runs"].size(); ++i) {
    const Json& run = root["runs"][i];
    if (!run.is_object() || !run.contains("name") || !run["name"].is_string()) continue;
    names.push_back(run["name"].get<std::string>());
    const std::string start = prefix + names.back();
    if (setting.rfind(start + ".", 0) == 0 || setting.rfind(start + "=", 0) == 0)
      return RunSetting{i, names.back(), setting.substr(start.size())};
  }
  const std::string step = StepBehind(setting, prefix);
  if (IsNumber(step)) return std::nullopt;
  throw Error("--set ", setting, ": ", UnknownName("run", step, names));
}

/// @throws Error where a setting is of a variant that a sweep does not have; a whole new one may be
/// added
void CheckVariant(const Json& root, const std::string& setting) {
  const std::string prefix = "sweep.";
  if (setting.rfind(prefix, 0) != 0 || !root.contains("sweep") || !root["sweep"].is_object())
    return;
  for (const auto& [key, variants] : root["sweep"].items()) {
    const std::string start = prefix + key + ".";
    if (!variants.is_object() || setting.rfind(start, 0) != 0) continue;
    std::vector<std::string> names;
    for (const auto& [name, members] : variants.items()) {
      names.push_back(name);
      if (setting.rfind(start + name + ".", 0) == 0 || setting.rfind(start + name + "=", 0) == 0)
        return;
    }
    const std::string step = StepBehind(setting, start);
    const bool whole = setting.rfind(start + step + "={", 0) == 0;
    if (!whole) throw Error("--set ", setting, ": ", UnknownName("variant", step, names));
  }
}

/// @throws Error where a setting is of what a sweep varies
void CheckNotSwept(const std::string& setting, const Json& sweep) {
  const std::string key = setting.substr(0, setting.find('='));
  for (const auto& [swept, values] : sweep.items()) {
    if (!values.is_array()) continue;
    if (key != swept && key.rfind(swept + ".", 0) != 0 && swept.rfind(key + ".", 0) != 0) continue;
    throw Error("--set ", setting, ": ", swept, " is swept; give its values with --set 'sweep.",
                swept, "=[...]', or leave the sweep out with --set sweep.", swept, "=null");
  }
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

/// One combination of a sweep.
struct SweepPoint {
  std::vector<std::pair<std::string, Json>> values;             ///< of keys of the runs
  std::vector<std::pair<std::string, const Json*>> variants;    ///< by name
  std::vector<std::pair<std::string, std::string>> name_parts;  ///< key and text, in order

  /// " [vgg16, seed=2]"
  std::string Suffix(bool with_seed) const {
    std::vector<std::string> parts;
    for (const auto& [key, text] : name_parts) {
      if (with_seed || key != "seed") parts.push_back(text);
    }
    return parts.empty() ? "" : " [" + Join(parts) + "]";
  }
};

/// The points of one list: "model.backbone": ["vgg16", "vgg19"].
std::vector<SweepPoint> ValuePoints(const std::string& key, const Json& values,
                                    const std::string& path) {
  if (!IsRunKey(key)) {
    throw Error(path, ": only keys of a run can be swept: ", Join(RunKeys()));
  }
  std::vector<SweepPoint> points;
  for (const Json& value : values) {
    const std::string text = key.substr(key.rfind('.') + 1) + "=" + ShortText(value);
    points.push_back({{{key, value}}, {}, {{key, text}}});
  }
  return points;
}

/// The points of one set of variants: "trunk": {"big": {"model": {...}}, "small": {...}}.
std::vector<SweepPoint> VariantPoints(const std::string& key, const Json& variants,
                                      const std::string& path) {
  if (IsRunKey(key)) {
    throw Error(path, ": must be a list of values; named variants need a name of their own, not \"",
                key, "\"");
  }
  std::vector<std::string> keys = RunKeys();
  keys.push_back("init");
  std::vector<SweepPoint> points;
  for (const auto& [name, members] : variants.items()) {
    JsonReader reader(members, path + "." + name);
    for (const std::string& known : keys) reader.Has(known);
    reader.Finish();
    points.push_back({{}, {{name, &members}}, {{key, name}}});
  }
  return points;
}

/// All combinations, the first key slowest. The points refer to `sweep`.
std::vector<SweepPoint> SweepPoints(const Json& sweep, const std::string& path) {
  std::vector<SweepPoint> points = {{}};
  for (const auto& [key, values] : sweep.items()) {
    const std::string where = path + "." + key;
    if (!values.is_structured() || values.empty()) {
      throw Error(where, ": must be a list of values, or an object of named variants");
    }
    const std::vector<SweepPoint> added =
        values.is_array() ? ValuePoints(key, values, where) : VariantPoints(key, values, where);
    std::vector<SweepPoint> longer;
    for (const SweepPoint& point : points) {
      for (const SweepPoint& next : added) {
        longer.push_back(point);
        SweepPoint& both = longer.back();
        both.values.insert(both.values.end(), next.values.begin(), next.values.end());
        both.variants.insert(both.variants.end(), next.variants.begin(), next.variants.end());
        both.name_parts.insert(both.name_parts.end(), next.name_parts.begin(),
                               next.name_parts.end());
      }
    }
    points = std::move(longer);
  }
  return points;
}

/// What "init" names: a run, a run folder or a file; null when there is none.
Json* InitName(Json& config) {
  if (!config.contains("init")) return nullptr;
  Json& init = config["init"];
  if (init.is_string()) return &init;
  if (!init.is_object() || !init.contains("from") || !init["from"].is_string()) return nullptr;
  return &init["from"];
}

/// True when a run's "data" is of another data set than the default's, whose options it then does
/// not inherit.
bool NamesAnother(const Json& defaults, const Json& data) {
  if (!data.is_object() || !data.contains("name") || !defaults.contains("data")) return false;
  return defaults["data"].is_object() && defaults["data"].value("name", Json()) != data["name"];
}

/// Merges members of a run ("model", "data", ...) over what is known of it.
void MergeMembers(Json& config, const Json& members) {
  for (const auto& [key, value] : members.items()) {
    if (key == "data" && NamesAnother(config, value)) config.erase("data");
    MergeJson(config, Json{{key, value}});
  }
}

/// Settings of the runs: those of all, and those of one by its name, which win.
struct RunSettings {
  std::vector<std::string> of_all;
  std::map<std::string, std::vector<std::string>> of_one;
};

RunSpec ResolveRun(const Json& defaults, const Json& entry, const std::string& path,
                   const RunSettings& settings, const std::string& data_root) {
  JsonReader reader(entry, path);
  RunSpec run;
  run.name = reader.Require<std::string>("name");
  if (run.name.empty() || run.name.find('/') != std::string::npos) {
    throw Error(reader.Path("name"), ": must be a name that can be a folder, found \"", run.name,
                "\"");
  }
  reader.Get("paper", run.paper);
  run.config = defaults;
  Json members = Json::object();
  for (const std::string& key : RunKeys()) {
    if (Json value; reader.Get(key, value)) members[key] = value;
  }
  MergeMembers(run.config, members);
  // Not merged: a file name here and {"from", "skip"} there would mix.
  if (Json init; reader.Get("init", init)) run.config["init"] = init;
  reader.Finish();
  ApplyDataRoot(run.config, data_root);
  for (const std::string& setting : settings.of_all) ApplySetting(run.config, setting);
  if (const auto own = settings.of_one.find(run.name); own != settings.of_one.end()) {
    for (const std::string& setting : own->second) ApplySetting(run.config, setting);
  }
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
  if (!name_or_path.empty() && !fs::path(name_or_path).is_absolute()) {
    for (const char* suffix : {".json", "/shapes.json"}) {
      const std::string path = JoinPath(folder, name_or_path + suffix);
      if (FileExists(path)) return path;
    }
    const std::string room = JoinPath(folder, name_or_path);
    if (FolderExists(room)) {
      const std::vector<std::string> files = ListFiles(room, {".json"});
      if (files.size() == 1) return JoinPath(room, files.front());
    }
  }
  throw Error("experiment: ", UnknownName("experiment or file", name_or_path, ExperimentNames()));
}

std::vector<std::string> ExperimentNames() {
  std::vector<std::string> names;
  const std::string folder = ExperimentsFolder();
  if (!FolderExists(folder)) return names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    fs::path path = fs::relative(entry.path(), folder);
    if (path.extension() != ".json" || *path.begin() == "common") continue;
    names.push_back(path.stem() == "shapes" ? path.parent_path().generic_string()
                                            : path.replace_extension().generic_string());
  }
  std::sort(names.begin(), names.end());
  return names;
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
  RunSettings run_settings;
  for (const std::string& setting : settings) {
    if (IsRunKey(setting)) {
      run_settings.of_all.push_back(setting);
    } else if (const std::optional<RunSetting> one = FindRunSetting(root, setting)) {
      ApplySetting(root, StrCat("runs.", one->index, one->rest));
      const std::string own = one->rest.substr(1);
      if (one->rest.front() == '.' && IsRunKey(own)) run_settings.of_one[one->name].push_back(own);
    } else {
      CheckVariant(root, setting);
      ApplySetting(root, setting);
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
  if (std::vector<std::string> compare; reader.Get("compare", compare)) {
    for (const std::string& cost : compare) {
      if (std::find(CostNames().begin(), CostNames().end(), cost) == CostNames().end()) {
        throw Error(reader.Path("compare"), ": ", UnknownName("cost", cost, CostNames()));
      }
    }
    experiment.compare = compare;
  }
  std::string weights;
  reader.Get("weights", weights);
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
  if (!sweep.is_object()) throw Error(path, ": \"sweep\" must be an object of lists or variants");
  reader.Finish();
  for (const std::string& setting : run_settings.of_all) CheckNotSwept(setting, sweep);

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
    Json varied = defaults;
    for (const auto& [name, members] : point.variants) MergeMembers(varied, *members);
    for (size_t i = 0; i < entries.size(); ++i) {
      RunSpec run =
          ResolveRun(varied, entries[i], StrCat(path, ": runs[", i, "]"), run_settings, data_root);
      for (const auto& [key, value] : point.values)
        ApplySetting(run.config, key + "=" + value.dump());
      if (Json* init = InitName(run.config)) {
        const auto text = init->get<std::string>();
        if (std::find(names.begin(), names.end(), text) != names.end()) {
          run.init_run = text + point.Suffix(true);
        } else if (!weights.empty()) {
          *init = JoinPath(weights, text);
        }
      }
      run.group = run.name + point.Suffix(false);
      run.name += point.Suffix(true);
      if (!run.paper.empty() && run.paper.size() != experiment.columns.size()) {
        throw Error(path, ": runs[", i, "].paper has ", run.paper.size(), " figures for ",
                    experiment.columns.size(), " columns");
      }
      const auto same = [&run](const RunSpec& other) { return other.name == run.name; };
      if (std::any_of(runs.begin(), runs.end(), same)) {
        throw Error(path, ": the sweep makes two runs named \"", run.name,
                    "\"; give its values names: \"sweep\": {\"trunk\": {\"a\": {\"model\": ...}}}");
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
