#include "report/result_json.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "base/error.h"
#include "base/files.h"

namespace seglab {
namespace {

/// Paths below the experiment's folder lose it; others stay as they are.
std::string RelativeTo(const std::string& folder, const std::string& path) {
  const std::filesystem::path relative =
      std::filesystem::path(path).lexically_normal().lexically_relative(
          std::filesystem::path(folder).lexically_normal());
  if (relative.empty() || *relative.begin() == "..") return path;
  return relative.generic_string();
}

RunResult RunFromJson(const Json& json, const std::string& path, const std::string& folder) {
  RunResult run;
  JsonReader reader(json, path);
  run.name = reader.Require<std::string>("name");
  run.group = reader.Require<std::string>("group");
  run.folder = JoinPath(folder, reader.Require<std::string>("folder"));
  bool pre_training = false;
  reader.Get("classification", pre_training);
  run.task = pre_training ? Task::kClassification : Task::kSegmentation;
  reader.Get("evaluation", run.evaluation);
  std::vector<std::vector<std::string>> factors;
  reader.Get("factors", factors);
  for (const std::vector<std::string>& factor : factors) {
    if (factor.size() != 2) throw Error(reader.Path("factors"), ": must hold pairs of texts");
    run.factors.push_back({factor[0], factor[1]});
  }
  reader.Get("seed", run.seed);
  reader.Get("config", run.config);
  reader.Get("metrics", run.metrics);
  reader.Get("parameters", run.parameters);
  ReadNetworkCosts(reader, run);
  reader.Get("iterations", run.iterations);
  reader.Get("train_seconds", run.train_seconds);
  // Older results have no total.
  run.total_seconds = run.train_seconds;
  if (Json total; reader.Get("total_seconds", total)) {
    run.total_seconds =
        total.is_number() ? total.get<double>() : std::numeric_limits<double>::quiet_NaN();
  }
  reader.Get("eval_seconds", run.eval_seconds);
  std::vector<Json> paper;
  reader.Get("paper", paper);
  for (const Json& figure : paper) {
    if (!figure.is_number() && !figure.is_null()) {
      throw Error(reader.Path("paper"), ": must hold numbers and null, found ", figure.dump());
    }
    run.paper.push_back(figure.is_number() ? figure.get<double>()
                                           : std::numeric_limits<double>::quiet_NaN());
  }
  return run;
}

}  // namespace

void ReadNetworkCosts(JsonReader& reader, RunResult& run) {
  reader.Get("macs", run.macs);
  Json field;
  if (!reader.Get("receptive_field", field)) return;
  if (!field.is_number() && !field.is_null())
    throw Error(reader.Path("receptive_field"), ": must be a number or null, found ", field.dump());
  run.receptive_field =
      field.is_number() ? field.get<double>() : std::numeric_limits<double>::infinity();
}

std::string ResultToJson(const ExperimentResult& result, const Certainty& certainty) {
  Json runs = Json::array();
  for (const RunResult& run : result.runs) {
    Json paper = Json::array();
    for (double figure : run.paper) {
      paper.push_back(std::isfinite(figure) ? Json(figure) : Json(nullptr));
    }
    Json row = {{"name", run.name},
                {"group", run.group},
                {"folder", RelativeTo(result.folder, run.folder)},
                {"classification", IsPreTraining(run)},
                {"seed", run.seed},
                {"metrics", run.metrics},
                {"paper", std::move(paper)},
                {"parameters", run.parameters},
                {"iterations", run.iterations},
                {"train_seconds", run.train_seconds},
                {"total_seconds",
                 std::isfinite(run.total_seconds) ? Json(run.total_seconds) : Json(nullptr)},
                {"eval_seconds", run.eval_seconds},
                {"config", run.config}};
    if (run.macs > 0) row["macs"] = run.macs;
    if (!std::isnan(run.receptive_field))
      row["receptive_field"] = std::isfinite(run.receptive_field)
                                   ? Json(std::llround(run.receptive_field))
                                   : Json(nullptr);
    for (const Factor& factor : run.factors) row["factors"].push_back({factor.name, factor.value});
    if (!run.evaluation.empty()) row["evaluation"] = run.evaluation;
    runs.push_back(std::move(row));
  }
  Json json = {{"name", result.name},
               {"title", result.title},
               {"description", result.description},
               {"paper_ref", result.paper_ref},
               {"columns", result.columns},
               {"command", result.command},
               {"environment", result.environment},
               {"labels", LabelsToJson(result.labels)},
               {"runs", std::move(runs)}};
  if (!result.unfinished.empty()) {
    json["unfinished"] = Json::array();
    for (const UnfinishedRun& run : result.unfinished)
      json["unfinished"].push_back(
          {{"name", run.name}, {"state", StateName(run)}, {"reason", run.reason}});
  }
  if (result.compare) json["compare"] = *result.compare;
  if (!result.baseline.empty()) json["baseline"] = result.baseline;
  if (!certainty.rows.empty()) json["certainty"] = CertaintyJson(certainty, result.columns);
  return JsonText(json);
}

ExperimentResult ReadExperimentResult(const std::string& folder) {
  const std::string path = JoinPath(folder, "result.json");
  const Json json = ParseJson(ReadFile(path), path);
  ExperimentResult result;
  result.folder = folder;
  // Keys that a later version may add do no harm: nothing here asks for Finish().
  JsonReader reader(json, path);
  result.name = reader.Require<std::string>("name");
  reader.Get("title", result.title);
  reader.Get("description", result.description);
  reader.Get("paper_ref", result.paper_ref);
  result.columns = reader.Require<std::vector<std::string>>("columns");
  if (std::vector<std::string> compare; reader.Get("compare", compare)) result.compare = compare;
  reader.Get("baseline", result.baseline);
  reader.Get("command", result.command);
  reader.Get("environment", result.environment);
  if (Json labels; reader.Get("labels", labels)) {
    result.labels = LabelsFromJson(labels, reader.Path("labels"));
  }
  if (std::vector<Json> unfinished; reader.Get("unfinished", unfinished)) {
    for (const Json& run : unfinished) {
      JsonReader one(run, reader.Path("unfinished"));
      const std::vector<std::string>& states = UnfinishedStateNames();
      std::string state = states.front();
      one.GetChoice("state", state, states);
      UnfinishedRun found;
      found.name = one.Require<std::string>("name");
      found.state = static_cast<UnfinishedRun::State>(
          std::find(states.begin(), states.end(), state) - states.begin());
      found.reason = one.Require<std::string>("reason");
      result.unfinished.push_back(std::move(found));
    }
  }
  const auto runs = reader.Require<std::vector<Json>>("runs");
  for (size_t i = 0; i < runs.size(); ++i) {
    result.runs.push_back(RunFromJson(runs[i], StrCat(reader.Path("runs"), "[", i, "]"), folder));
  }
  return result;
}

}  // namespace seglab
