#include "experiment/resolve.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"
#include "data/registry.h"
#include "experiment/eval_spec.h"
#include "experiment/settings.h"
#include "experiment/sweep.h"
#include "report/columns.h"
#include "report/costs.h"
#include "tensor/quoted.h"

namespace seglab {
namespace {

namespace fs = std::filesystem;

/// Data sets that need a root get `root`, the others none.
void ApplyDataRoot(Json& config, const std::string& root) {
  if (root.empty() || !config.contains("data") || !config["data"].is_object()) return;
  const Json name = config["data"].value("name", Json());
  for (const DatasetRow& row : DatasetRows()) {
    if (name == Json(row.name) && row.needs_root) config["data"]["root"] = root;
  }
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
    if (key == "eval" && !value.is_null()) {
      MergeEval(config[key], value);
    } else {
      MergeJson(config, Json{{key, value}});
    }
  }
}

/// @throws Error unless a folder of this name can stand beside the report's files
void CheckFolderName(const std::string& name, const std::string& where) {
  constexpr size_t kLongest = 200;  // bytes; a file system's limit is 255, a hash may follow
  const auto refuse = [&](const char* why) {
    throw Error(where, ": must be a name that can be a folder, ", why, "; found ", Quoted(name));
  };
  if (name.empty() || name == "." || name == "..") refuse("not empty, \".\" or \"..\"");
  if (name.size() > kLongest) refuse("of at most 200 bytes");
  for (char c : name) {
    if (c == '/' || static_cast<unsigned char>(c) < ' ' || c == 0x7f)
      refuse("without \"/\" and control characters");
  }
  for (const char* ours : {"result.json", "report.html", "table.md", "table.csv", "table.tex",
                           "images.csv", "data-hashes.txt", "pictures", "features"}) {
    if (name == ours) refuse("and this one is the report's");
  }
}

/// Figures of which some are not known: null.
std::vector<double> ReadFigures(const Json& list, const std::string& path) {
  if (!list.is_array()) throw Error(path, ": must be a list of numbers, found ", list.type_name());
  std::vector<double> figures;
  for (const Json& figure : list) {
    if (!figure.is_null() && !figure.is_number())
      throw Error(path, ": must hold numbers, or null, found ", figure.dump());
    figures.push_back(figure.is_null() ? std::numeric_limits<double>::quiet_NaN()
                                       : figure.get<double>());
  }
  return figures;
}

/// A list is of a run's only evaluation, or of its first.
void ReadPaper(JsonReader& reader, RunSpec& run) {
  Json paper;
  if (!reader.Get("paper", paper)) return;
  if (!paper.is_object()) {
    run.paper[""] = ReadFigures(paper, reader.Path("paper"));
    return;
  }
  for (const auto& [name, figures] : paper.items())
    run.paper[name] = ReadFigures(figures, StrCat(reader.Path("paper"), ".", name));
}

/// Sees to it that the paper's figures are of evaluations that there are, one for each column.
void CheckPaper(RunSpec& run, size_t columns, const std::string& where) {
  const std::vector<EvalSpec> specs =
      EvalSpecs(run.config.value("eval", Json()), run.name + ".eval");
  if (const auto list = run.paper.extract(""); !list.empty())
    run.paper[specs.front().name] = list.mapped();
  std::vector<std::string> names;
  for (const EvalSpec& spec : specs) names.push_back(spec.name);
  for (const auto& [name, figures] : run.paper) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw Error(where, ".paper: ", UnknownName("evaluation", name, names));
    if (figures.size() != columns) {
      throw Error(where, ".paper has ", figures.size(), " figures for ", columns, " columns");
    }
  }
}

RunSpec ResolveRun(const Json& defaults, const Json& entry, const std::string& path,
                   const RunSettings& settings, const std::string& data_root) {
  JsonReader reader(entry, path);
  RunSpec run;
  run.name = reader.Require<std::string>("name");
  CheckFolderName(run.name, reader.Path("name"));
  ReadPaper(reader, run);
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
  for (const Setting& setting : settings.of_all) setting.ApplyToRun(run.config);
  if (const auto own = settings.of_one.find(run.name); own != settings.of_one.end()) {
    for (const Setting& setting : own->second) setting.ApplyToRun(run.config);
  }
  return run;
}

/// Orders the runs so that each stands behind the run it starts from.
std::vector<RunSpec> InOrder(const std::vector<RunSpec>& runs, const std::string& path) {
  std::vector<RunSpec> ordered;
  std::vector<bool> placed(runs.size(), false);
  std::set<std::string_view> names;
  const auto has = [&](const std::string& name) { return names.count(name) != 0; };
  while (ordered.size() < runs.size()) {
    const size_t before = ordered.size();
    for (size_t i = 0; i < runs.size(); ++i) {
      if (placed[i] || (!runs[i].init_run.empty() && !has(runs[i].init_run))) continue;
      placed[i] = true;
      names.insert(runs[i].name);
      ordered.push_back(runs[i]);
    }
    if (ordered.size() == before) throw Error(path, ": the \"init\" of its runs form a circle");
  }
  return ordered;
}

/// What stands at the top of an experiment beside its runs.
Experiment ReadHead(JsonReader& reader, const std::string& name) {
  Experiment experiment;
  experiment.name = name;
  reader.Get("name", experiment.name);
  CheckFolderName(experiment.name, reader.Path("name"));
  experiment.title = experiment.name;
  reader.Get("title", experiment.title);
  reader.Get("description", experiment.description);
  experiment.columns = {"pixel_acc", "mean_acc", "mean_iou", "fw_iou"};
  if (auto paper = reader.Child("paper")) {
    paper->Get("ref", experiment.paper_ref);
    if (paper->Get("columns", experiment.columns)) {
      for (const std::string& column : experiment.columns) {
        if (std::find(ColumnNames().begin(), ColumnNames().end(), column) == ColumnNames().end())
          throw Error(paper->Path("columns"), ": ", UnknownName("score", column, ColumnNames()));
      }
    }
    paper->Finish();
  }
  reader.Get("baseline", experiment.baseline);
  std::vector<std::string> compare;
  if (!reader.Get("compare", compare)) return experiment;
  for (const std::string& cost : compare) {
    if (std::find(CostNames().begin(), CostNames().end(), cost) == CostNames().end())
      throw Error(reader.Path("compare"), ": ", UnknownName("cost", cost, CostNames()));
  }
  experiment.compare = compare;
  return experiment;
}

/// What the runs are made of.
struct RunSource {
  std::string path;     ///< of the experiment, for messages
  std::string weights;  ///< folder of the files that "init" names, or ""
  Json defaults = Json::object();
  Json entries;  ///< at least one
  std::vector<std::string> names;
  Json sweep = Json::object();
  RunSettings settings;
  std::string data_root;
};

/// The entries' names. @throws Error where two are the same
std::vector<std::string> EntryNames(const Json& entries, const std::string& path) {
  std::vector<std::string> names;
  for (const Json& entry : entries) {
    const Json name = entry.is_object() ? entry.value("name", Json()) : Json();
    if (!name.is_string()) continue;
    if (std::find(names.begin(), names.end(), name.get<std::string>()) != names.end())
      throw Error(path, ": two runs are named \"", name.get<std::string>(), "\"");
    names.push_back(name.get<std::string>());
  }
  return names;
}

RunSource ReadSource(JsonReader& reader) {
  RunSource source;
  source.path = reader.path();
  reader.Get("weights", source.weights);
  for (const std::string& key : RunKeys()) {
    if (Json value; reader.Get(key, value)) source.defaults[key] = value;
  }
  source.entries = reader.Require<Json>("runs");
  if (!source.entries.is_array() || source.entries.empty())
    throw Error(source.path, ": \"runs\" must be a list of at least one run");
  if (source.entries.size() > kMostRuns) {
    throw Error(source.path, ": \"runs\" has ", source.entries.size(), " runs, ", kMostRuns,
                " is the most; make several experiments of them");
  }
  reader.Get("sweep", source.sweep);
  if (!source.sweep.is_object())
    throw Error(source.path, ": \"sweep\" must be an object of lists or variants");
  source.names = EntryNames(source.entries, source.path);
  return source;
}

/// Finds out whether "init" names a run, which is then of the same point, or a file.
void ResolveInit(RunSpec& run, const RunSource& source, const std::string& suffix) {
  Json* init = InitName(run.config);
  if (init == nullptr) return;
  const auto text = init->get<std::string>();
  if (std::find(source.names.begin(), source.names.end(), text) != source.names.end()) {
    run.init_run = text + suffix;
  } else if (!source.weights.empty()) {
    *init = JoinPath(source.weights, text);
  }
}

/// One run at one point. @param defaults  with the point's variants
RunSpec RunAt(const SweepPoint& point, size_t index, const Json& defaults,
              const RunSource& source) {
  const std::string where = StrCat(source.path, ": runs[", index, "]");
  const std::string sweep = source.path + ": sweep";
  RunSpec run =
      ResolveRun(defaults, source.entries[index], where, source.settings, source.data_root);
  for (const auto& [key, value] : point.values)
    SetInRun(run.config, PathSteps(key, sweep), value, sweep);
  ResolveInit(run, source, point.Suffix(true));
  run.factors = {{"run", run.name}};
  for (const Factor& factor : point.Factors()) run.factors.push_back(factor);
  run.group = run.name + point.Suffix(false);
  run.name += point.Suffix(true);
  CheckFolderName(run.name, sweep + ": a run's name, to which its values are added");
  return run;
}

std::vector<RunSpec> AllRuns(const RunSource& source, size_t columns) {
  std::vector<RunSpec> runs;
  for (const SweepPoint& point :
       SweepPoints(source.sweep, source.path + ": sweep", source.entries.size())) {
    Json varied = source.defaults;
    for (const auto& [name, members] : point.variants) MergeMembers(varied, *members);
    for (size_t i = 0; i < source.entries.size(); ++i) {
      RunSpec run = RunAt(point, i, varied, source);
      CheckPaper(run, columns, StrCat(source.path, ": runs[", i, "]"));
      const auto same = [&run](const RunSpec& other) { return other.name == run.name; };
      if (std::any_of(runs.begin(), runs.end(), same)) {
        throw Error(source.path, ": the sweep makes two runs named \"", run.name,
                    "\"; give its values names: \"sweep\": {\"trunk\": {\"a\": {\"model\": ...}}}");
      }
      runs.push_back(std::move(run));
    }
  }
  return runs;
}

/// A row is called by its run's group, or that and the name of an evaluation.
void CheckBaseline(const Experiment& experiment, const std::string& path) {
  const std::string& baseline = experiment.baseline;
  if (baseline.empty()) return;
  std::vector<std::string> groups;
  for (const RunSpec& run : experiment.runs) {
    if (baseline == run.group || baseline.starts_with(run.group + ", ")) return;
    if (std::find(groups.begin(), groups.end(), run.group) == groups.end())
      groups.push_back(run.group);
  }
  throw Error(path, ": baseline: ", UnknownName("row", baseline, groups));
}

}  // namespace

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
  RunSettings of_runs = ApplySettings(root, settings);
  JsonReader reader(root, path);
  Experiment experiment = ReadHead(reader, name);
  RunSource source = ReadSource(reader);
  reader.Finish();
  source.settings = std::move(of_runs);
  source.data_root = data_root;
  for (const Setting& setting : source.settings.of_all) CheckNotSwept(setting, source.sweep);
  experiment.runs = InOrder(AllRuns(source, experiment.columns.size()), path);
  CheckBaseline(experiment, path);
  return experiment;
}

}  // namespace seglab
