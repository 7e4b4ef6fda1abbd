#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"

namespace seglab {

/// The members of a run that settings, sweeps and defaults may be of: "seed", "model", ...
const std::vector<std::string>& RunKeys();

/// Whether a setting "key=value", or a key, is of all runs.
bool IsRunKey(const std::string& setting);

/// Settings of the runs: those of all, and those of one by its name, which win.
struct RunSettings {
  std::vector<std::string> of_all;
  std::map<std::string, std::vector<std::string>> of_one;
};

/// Applies those of the settings "key=value" that are of the experiment, and returns those of its
/// runs, which are applied when the runs are resolved.
/// @throws Error where one names a run or a variant that there is not
RunSettings ApplySettings(Json& root, const std::vector<std::string>& settings);

/// @throws Error where a setting is of what a sweep varies
void CheckNotSwept(const std::string& setting, const Json& sweep);

}  // namespace seglab
