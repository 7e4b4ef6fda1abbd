#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "experiment/plan.h"
#include "report/results.h"

namespace seglab {

/// result.json of a run: what came of its training, and the scores of its evaluations.
struct StoredResult {
  std::string hash;  ///< of the run; "" when there is no result
  Json training = Json::object();
  std::map<std::string, Json> evaluations;  ///< by name, "" for the only one that has none
};

/// @throws Error when it is damaged
StoredResult ReadStoredResult(const std::string& folder);
void WriteStoredResult(const std::string& folder, const StoredResult& result);

/// The hash of the run in a folder, or "" when there is none (or nothing was saved yet).
std::string HashIn(const std::string& folder);
/// All that determines the run in a folder; null when it does not say.
Json DeterminantsIn(const std::string& folder);

/// Makes a folder a run's: its hash, determinants, environment, its config with every default
/// (config.json) and as it was given (given.json).
void ClaimFolder(const PlannedRun& run, const Json& whole_config, const Json& environment);

/// A config as it was given, where it is the whole one of the run in a folder: with config.json of
/// a training its settings are the same and not others.
Json AsGiven(const Json& config, const std::string& folder);

/// A finished run for tables and report, a row for each of its evaluations.
std::vector<RunResult> ResultsOf(const PlannedRun& run);

/// The classes that an evaluation of a run was scored on.
LabelSet LabelsOf(const PlannedRun& run, const std::string& evaluation);

}  // namespace seglab
