#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "experiment/spec.h"

namespace seglab {

/// Raised when the same settings and data would train other bits.
inline constexpr int kTrainingVersion = 4;

/// All that determines the weights of a run:
///
///   {"config": ..., "init": hash, "data": hash, "validation": hash, "program": kTrainingVersion}
///
/// "config" is the run's without places, without what is there for the evaluation alone, and
/// without what changes no result (threads, logging, checkpoints).
/// @param init  hash of what starts the run, "" = nothing does
/// @param data  DataIdentity of the training data
/// @param validation  that of the validation data where they end the training early, else ""
Json Determinants(const RunSpec& run, const std::string& init, const std::string& data,
                  const std::string& validation = "");

/// What differs between two runs' determinants, a text each: "train.iterations is 100 there, 200
/// here". @param there  null: it is not known
std::vector<std::string> SettingsThatDiffer(const Json& there, const Json& here);

}  // namespace seglab
