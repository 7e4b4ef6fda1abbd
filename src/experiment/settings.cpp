#include "experiment/settings.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/names.h"

namespace seglab {
namespace {

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

}  // namespace

const std::vector<std::string>& RunKeys() {
  static const std::vector<std::string> keys = {"seed", "model", "data", "train", "eval"};
  return keys;
}

bool IsRunKey(const std::string& setting) {
  const std::string first = setting.substr(0, setting.find_first_of(".="));
  return std::find(RunKeys().begin(), RunKeys().end(), first) != RunKeys().end();
}

RunSettings ApplySettings(Json& root, const std::vector<std::string>& settings) {
  RunSettings of_runs;
  for (const std::string& setting : settings) {
    if (IsRunKey(setting)) {
      of_runs.of_all.push_back(setting);
    } else if (const std::optional<RunSetting> one = FindRunSetting(root, setting)) {
      ApplySetting(root, StrCat("runs.", one->index, one->rest));
      const std::string own = one->rest.substr(1);
      if (one->rest.front() == '.' && IsRunKey(own)) of_runs.of_one[one->name].push_back(own);
    } else {
      CheckVariant(root, setting);
      ApplySetting(root, setting);
    }
  }
  return of_runs;
}

void CheckNotSwept(const std::string& setting, const Json& sweep) {
  const std::string key = setting.substr(0, setting.find('='));
  for (const auto& [swept, values] : sweep.items()) {
    if (!values.is_array()) continue;
    if (key != swept && key.rfind(swept + ".", 0) != 0 && swept.rfind(key + ".", 0) != 0) continue;
    throw Error("--set ", setting, ": ", swept, " is swept; give its values with --set 'sweep.",
                swept, "=[...]', or leave the sweep out with --set sweep.", swept, "=null");
  }
}

}  // namespace seglab
