#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"

namespace seglab {

/// The members of a run that settings, sweeps and defaults may be of: "seed", "model", ...
const std::vector<std::string>& RunKeys();

/// Whether a key is of the runs, as "train.lr" is.
bool IsRunKey(const std::string& key);

/// A setting "key=value", parsed.
struct Setting {
  std::string text;                ///< as it was given, for messages
  std::vector<std::string> steps;  ///< {"train", "lr"}; at least one
  Json value;                      ///< null takes away what is there

  /// @throws Error where a step leads into something that has no members
  void ApplyTo(Json& root) const;

  /// The same in a run's config, see SetInRun.
  void ApplyToRun(Json& config) const;
};

/// Sets a value in a run's config. An option of an evaluation, eval.absent, is set in each of them
/// where they have names.
void SetInRun(Json& config, const std::vector<std::string>& steps, const Json& value,
              const std::string& where);

/// Settings of the runs, their steps counted from a run's config: those of all, and those of one
/// by its name, which win.
struct RunSettings {
  std::vector<Setting> of_all;
  std::map<std::string, std::vector<Setting>> of_one;
};

/// Applies those of the settings "key=value" that are of the experiment, and returns those of its
/// runs, which are applied when the runs are resolved. Names of runs and variants and swept keys
/// may hold dots: runs.FCN v1.2.seed=3, sweep.model.backbone=["vgg16"].
/// @throws Error where one names a run or a variant that there is not
RunSettings ApplySettings(Json& root, const std::vector<std::string>& settings);

/// @throws Error where a setting is of what a sweep varies
void CheckNotSwept(const Setting& setting, const Json& sweep);

}  // namespace seglab
