#include "experiment/settings.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/names.h"
#include "experiment/eval_spec.h"

namespace seglab {
namespace {

/// Whether `name` stands at byte `from` of a setting and ends with a step.
bool StandsAt(const std::string& setting, size_t from, const std::string& name) {
  if (setting.compare(from, name.size(), name) != 0) return false;
  const size_t end = from + name.size();
  return end < setting.size() && (setting[end] == '.' || setting[end] == '=');
}

/// The longest of the names that stands at byte `from`, or "": of "A" and "A.b" in "A.b.seed=1"
/// the second.
std::string NameAt(const std::string& setting, size_t from, const std::vector<std::string>& names) {
  std::string longest;
  for (const std::string& name : names) {
    if (name.size() > longest.size() && StandsAt(setting, from, name)) longest = name;
  }
  return longest;
}

/// What stands between byte `from` and the next dot or equals sign.
std::string StepAt(const std::string& setting, size_t from) {
  return setting.substr(from, setting.find_first_of(".=", from) - from);
}

std::vector<std::string> KeysOf(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

/// The runs' names, "" for one that has none.
std::vector<std::string> RunNames(const Json& runs) {
  std::vector<std::string> names;
  for (const Json& run : runs) {
    const Json name = run.is_object() ? run.value("name", Json()) : Json();
    names.push_back(name.is_string() ? name.get<std::string>() : "");
  }
  return names;
}

/// The beginning of a setting whose steps cannot be told by dots alone.
struct Start {
  std::vector<std::string> steps;
  size_t end = 0;   ///< where in the text they end
  std::string run;  ///< the run that is called by its name
};

constexpr std::string_view kRuns = "runs.", kSweep = "sweep.";

/// runs.NAME... @throws Error where there is no such run; a number counts them
Start StartAtRun(const std::string& setting, const Json& runs) {
  const size_t from = kRuns.size();
  const std::vector<std::string> names = RunNames(runs);
  const std::string name = NameAt(setting, from, names);
  if (!name.empty()) {
    const auto index = std::find(names.begin(), names.end(), name) - names.begin();
    return {{"runs", std::to_string(index)}, from + name.size(), name};
  }
  const std::string step = StepAt(setting, from);
  if (!step.empty() && step.find_first_not_of("0123456789") == std::string::npos) return {};
  throw Error("--set ", setting, ": ", UnknownName("run", step, names));
}

/// sweep.KEY..., sweep.SET.VARIANT... The values of a key that is not swept yet are all that
/// stands before the equals sign.
Start StartAtSweep(const std::string& setting, const Json& sweep) {
  const size_t from = kSweep.size();
  std::string key = NameAt(setting, from, KeysOf(sweep));
  if (key.empty() && IsRunKey(StepAt(setting, from)))
    key = setting.substr(from, setting.find('=', from) - from);
  if (key.empty()) return {};
  Start start{{"sweep", key}, from + key.size(), ""};
  const Json variants = sweep.is_object() ? sweep.value(key, Json()) : Json();
  if (!variants.is_object() || setting[start.end] != '.') return start;
  const std::string variant = NameAt(setting, start.end + 1, KeysOf(variants));
  if (variant.empty()) return start;
  start.steps.push_back(variant);
  start.end += 1 + variant.size();
  return start;
}

Start StartOf(const std::string& setting, const Json& root) {
  if (!root.is_object()) return {};
  const Json runs = root.value("runs", Json()), sweep = root.value("sweep", Json());
  if (setting.rfind(kRuns, 0) == 0 && runs.is_array()) return StartAtRun(setting, runs);
  if (setting.rfind(kSweep, 0) == 0 && (sweep.is_object() || sweep.is_null()))
    return StartAtSweep(setting, sweep);
  return {};
}

Setting Parse(const std::string& text, const Start& start) {
  const SettingText parts = SplitSetting(text, start.end);
  const std::string where = "--set " + parts.path;
  Setting setting{text, start.steps, SettingValue(parts.value, where)};
  if (start.end == parts.path.size() && !setting.steps.empty()) return setting;
  const size_t rest = start.steps.empty() ? 0 : start.end + 1;
  for (std::string& step : PathSteps(parts.path.substr(rest), where))
    setting.steps.push_back(std::move(step));
  return setting;
}

bool HasMember(const Json& root, const std::vector<std::string>& steps) {
  const Json* place = &root;
  for (const std::string& step : steps) {
    if (!place->is_object() || !place->contains(step)) return false;
    place = &(*place)[step];
  }
  return true;
}

/// @throws Error where an option of both data sets is set that each of them has itself, so that
/// nothing would come of it
void CheckDataSetting(const Json& config, const std::vector<std::string>& steps,
                      const std::string& where) {
  if (steps.size() < 2 || steps[0] != "data" || steps[1] == "train" || steps[1] == "val") return;
  const std::vector<std::string> option(steps.begin() + 1, steps.end());
  const Json data = config.value("data", Json());
  if (!data.is_object() || !HasMember(data.value("train", Json()), option) ||
      !HasMember(data.value("val", Json()), option)) {
    return;
  }
  const std::string key = Join(option, ".");
  throw Error(where, ": training and validation data have their own ", key, "; set data.train.",
              key, " or data.val.", key);
}

/// @throws Error where a setting is of a variant that a sweep does not have; a whole new one may be
/// added
void CheckVariant(const Setting& setting, const Json& root) {
  const std::vector<std::string>& steps = setting.steps;
  if (steps.size() < 3 || steps[0] != "sweep" || !root.is_object()) return;
  const Json sweep = root.value("sweep", Json());
  const Json variants = sweep.is_object() ? sweep.value(steps[1], Json()) : Json();
  if (!variants.is_object() || variants.contains(steps[2])) return;
  if (steps.size() == 3 && setting.value.is_object()) return;
  throw Error("--set ", setting.text, ": ", UnknownName("variant", steps[2], KeysOf(variants)));
}

}  // namespace

const std::vector<std::string>& RunKeys() {
  static const std::vector<std::string> keys = {"seed", "model", "data", "train", "eval"};
  return keys;
}

bool IsRunKey(const std::string& key) {
  const std::string first = key.substr(0, key.find('.'));
  return std::find(RunKeys().begin(), RunKeys().end(), first) != RunKeys().end();
}

void Setting::ApplyTo(Json& root) const { SetAtSteps(root, steps, value, "--set " + text); }

void Setting::ApplyToRun(Json& config) const { SetInRun(config, steps, value, "--set " + text); }

void SetInRun(Json& config, const std::vector<std::string>& steps, const Json& value,
              const std::string& where) {
  CheckDataSetting(config, steps, where);
  if (steps.size() > 1 && steps.front() == "eval" && config.contains("eval")) {
    SetInEval(config["eval"], {steps.begin() + 1, steps.end()}, value, where);
  } else {
    SetAtSteps(config, steps, value, where);
  }
}

RunSettings ApplySettings(Json& root, const std::vector<std::string>& settings) {
  RunSettings of_runs;
  for (const std::string& text : settings) {
    SplitSetting(text);  // complains first where there is no "="
    const Start start = StartOf(text, root);
    Setting setting = Parse(text, start);
    if (IsRunKey(setting.steps.front())) {
      of_runs.of_all.push_back(std::move(setting));
      continue;
    }
    CheckVariant(setting, root);
    setting.ApplyTo(root);
    if (start.run.empty() || setting.steps.size() < 3 || !IsRunKey(setting.steps[2])) continue;
    setting.steps.erase(setting.steps.begin(), setting.steps.begin() + 2);
    of_runs.of_one[start.run].push_back(std::move(setting));
  }
  return of_runs;
}

void CheckNotSwept(const Setting& setting, const Json& sweep) {
  const std::string key = Join(setting.steps, ".");
  for (const auto& [swept, values] : sweep.items()) {
    if (!values.is_array()) continue;
    if (key != swept && key.rfind(swept + ".", 0) != 0 && swept.rfind(key + ".", 0) != 0) continue;
    throw Error("--set ", setting.text, ": ", swept,
                " is swept; give its values with --set 'sweep.", swept,
                "=[...]', or leave the sweep out with --set sweep.", swept, "=null");
  }
}

}  // namespace seglab
