#include "experiment/identity.h"

#include <map>
#include <utility>

#include "base/error.h"
#include "train/options.h"

namespace seglab {
namespace {

/// The config of a run without what cannot change its weights.
Json TrainingConfig(const RunSpec& run) {
  Json config = run.config;
  config.erase("eval");
  if (config.contains("train") && config["train"].is_object()) {
    for (const std::string& key : TrainOptions::NeutralKeys(run.config["train"]))
      config["train"].erase(key);
  }
  // What the data are is said by their content; how they are found is not.
  Json transforms;
  if (config.contains("data") && config["data"].is_object())
    transforms = config["data"].value("transforms", Json());
  config.erase("data");
  if (!transforms.is_null()) config["data"] = {{"transforms", transforms}};
  if (!config.contains("init")) return config;
  // Which weights they are is said by their hash.
  Json kept = Json::object();
  for (const char* key : {"skip", "key"}) {
    const Json value = config["init"].is_object() ? config["init"].value(key, Json()) : Json();
    if (!value.is_null()) kept[key] = value;
  }
  config.erase("init");
  if (!kept.empty()) config["init"] = kept;
  return config;
}

/// The values of an object by dotted path, lists as wholes.
void Flatten(const Json& json, const std::string& path, std::map<std::string, std::string>& flat) {
  if (!json.is_object() || (json.empty() && !path.empty())) {
    flat[path] = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    return;
  }
  for (const auto& [key, value] : json.items())
    Flatten(value, path.empty() ? key : path + "." + key, flat);
}

}  // namespace

Json Determinants(const RunSpec& run, const std::string& init, const std::string& data,
                  const std::string& validation) {
  Json determinants = {
      {"config", TrainingConfig(run)}, {"data", data}, {"program", kTrainingVersion}};
  if (!init.empty()) determinants["init"] = init;
  if (!validation.empty()) determinants["validation"] = validation;
  return determinants;
}

std::vector<std::string> SettingsThatDiffer(const Json& there, const Json& here) {
  if (!there.is_object()) return {"it does not say which"};
  std::vector<std::string> texts;
  std::map<std::string, std::string> theirs, ours;
  Flatten(there.value("config", Json::object()), "", theirs);
  Flatten(here.value("config", Json::object()), "", ours);
  for (const auto& [key, value] : theirs) {
    const auto mine = ours.find(key);
    if (mine == ours.end()) {
      texts.push_back(StrCat(key, " is ", value, " there, not given here"));
    } else if (mine->second != value) {
      texts.push_back(StrCat(key, " is ", value, " there, ", mine->second, " here"));
    }
  }
  for (const auto& [key, value] : ours) {
    if (theirs.count(key) == 0)
      texts.push_back(StrCat(key, " is ", value, " here, not given there"));
  }
  const std::pair<const char*, const char*> others[] = {
      {"data", "the training data are others"},
      {"validation", "the validation data, which end the training early, are others"},
      {"init", "the weights that it starts from are others"},
      {"program", "it was trained by another version of seglab"}};
  for (const auto& [key, text] : others) {
    if (there.value(key, Json()) != here.value(key, Json())) texts.emplace_back(text);
  }
  return texts;
}

}  // namespace seglab
