#include "experiment/run_folder.h"

#include "base/error.h"
#include "base/files.h"
#include "experiment/eval_spec.h"
#include "report/result_json.h"

namespace seglab {
namespace {

constexpr char kResult[] = "result.json", kHash[] = "hash.txt", kConfig[] = "config.json",
               kGiven[] = "given.json", kDeterminants[] = "determinants.json",
               kEnvironment[] = "environment.json";
constexpr char kEvaluations[] = "evaluations";

/// The members of a result that are of its evaluation where that has no name.
bool OfEvaluation(const std::string& key) {
  for (const char* known :
       {"identity", "eval", "task", "images", "eval_seconds", "labels", "summary", "metrics"}) {
    if (key == known) return true;
  }
  return false;
}

}  // namespace

StoredResult ReadStoredResult(const std::string& folder) {
  StoredResult result;
  const std::string path = JoinPath(folder, kResult);
  if (!FileExists(path)) return result;
  const Json json = ParseJson(ReadFile(path), path);
  if (!json.is_object()) throw Error(path, ": is damaged, found no object; remove it");
  result.hash = json.value("hash", "");
  for (const auto& [key, value] : json.items()) {
    if (key == kEvaluations) {
      for (const auto& [name, evaluation] : value.items()) result.evaluations[name] = evaluation;
    } else if (OfEvaluation(key)) {
      result.evaluations[""][key] = value;
    } else {
      result.training[key] = value;
    }
  }
  return result;
}

void WriteStoredResult(const std::string& folder, const StoredResult& result) {
  Json json = result.training;
  json["hash"] = result.hash;
  for (const auto& [name, evaluation] : result.evaluations) {
    if (name.empty()) {
      json.update(evaluation);
    } else {
      json[kEvaluations][name] = evaluation;
    }
  }
  WriteFileAtomically(JoinPath(folder, kResult), JsonText(json));
}

std::string HashIn(const std::string& folder) {
  const std::string path = JoinPath(folder, kHash);
  const std::vector<std::string> lines =
      FileExists(path) ? ReadLines(path) : std::vector<std::string>();
  return lines.empty() ? "" : lines.front();
}

Json DeterminantsIn(const std::string& folder) {
  const std::string path = JoinPath(folder, kDeterminants);
  return FileExists(path) ? ReadJsonFile(path) : Json();
}

void ClaimFolder(const PlannedRun& run, const Json& whole_config, const Json& environment) {
  const auto write = [&run](const char* name, const std::string& text) {
    WriteFileAtomically(JoinPath(run.folder, name), text);
  };
  write(kDeterminants, JsonText(run.identity.determinants));
  write(kHash, run.identity.hash + "\n");
  write(kConfig, JsonText(whole_config));
  write(kGiven, JsonText(run.spec.config));
  write(kEnvironment, JsonText(environment));
}

Json AsGiven(const Json& config, const std::string& folder) {
  const std::string whole = JoinPath(folder, kConfig), given = JoinPath(folder, kGiven);
  if (!FileExists(whole) || !FileExists(given)) return config;
  return CanonicalJson(ReadJsonFile(whole)) == CanonicalJson(config) ? ReadJsonFile(given) : config;
}

std::vector<RunResult> ResultsOf(const PlannedRun& run) {
  const std::string path = JoinPath(run.folder, kResult);
  const StoredResult stored = ReadStoredResult(run.folder);
  JsonReader training(stored.training, path);
  std::vector<RunResult> results;
  for (const EvalSpec& spec : EvalSpecs(run.spec.config.value("eval", Json()), path)) {
    const std::string& name = spec.name;
    const auto found = stored.evaluations.find(name);
    if (found == stored.evaluations.end())
      throw Error(path, ": is damaged, it lacks the scores \"", name, "\"; remove it");
    JsonReader scores(found->second, path);
    RunResult result;
    const std::string suffix = name.empty() ? "" : ", " + name;
    result.name = run.spec.name + suffix;
    result.group = run.spec.group + suffix;
    result.evaluation = name;
    result.factors = run.spec.factors;
    result.factors.push_back({"evaluation", name});
    result.folder = run.folder;
    result.config = run.spec.config;
    if (const auto paper = run.spec.paper.find(name); paper != run.spec.paper.end())
      result.paper = paper->second;
    result.seed = run.spec.config.value("seed", uint64_t{1});
    result.parameters = training.Require<int64_t>("parameters");
    ReadNetworkCosts(training, result);
    result.iterations = training.Require<int64_t>("iterations");
    result.train_seconds = training.Require<double>("train_seconds");
    result.task = scores.Require<std::string>("task") == TaskName(Task::kClassification)
                      ? Task::kClassification
                      : Task::kSegmentation;
    result.metrics = scores.Require<Json>("metrics");
    result.eval_seconds = scores.Require<double>("eval_seconds");
    results.push_back(std::move(result));
  }
  return results;
}

LabelSet LabelsOf(const PlannedRun& run, const std::string& evaluation) {
  const std::string path = JoinPath(run.folder, kResult);
  const StoredResult stored = ReadStoredResult(run.folder);
  const auto found = stored.evaluations.find(evaluation);
  if (found == stored.evaluations.end() || !found->second.contains("labels"))
    throw Error(path, ": is damaged, it names no classes; remove it");
  return LabelsFromJson(found->second["labels"], path);
}

}  // namespace seglab
