#pragma once

#include <map>
#include <string>
#include <vector>

#include "data/identity.h"
#include "experiment/spec.h"

namespace seglab {

enum class RunStatus {
  kFinished,  ///< trained, and scored by all of its evaluations
  kTrained,   ///< evaluations are missing
  kStarted,
  kNew,
};

/// What a run is recognised by, wherever its files and data lie.
struct RunIdentity {
  Json determinants;  ///< all that determines its weights, see identity.h
  std::string hash;   ///< of the determinants
  std::map<std::string, std::string> evaluations;  ///< of options and data, by name
};

/// What will happen to one run.
struct PlannedRun {
  RunSpec spec;
  RunIdentity identity;
  std::string folder;
  RunStatus status = RunStatus::kNew;
  int64_t iteration = 0;  ///< where a started run stands
  /// Why it failed, as far as it came; "" where it did not. It is not tried again unasked.
  std::string failure;
  std::vector<std::string> missing;  ///< names of the evaluations that are still to be made
  /// Why the run's own folder was left alone, "" when it was not: what the run in it differs in.
  std::string others;
};

/// Reads what a run's data are.
/// @param init_hash  hash of the run that starts it, or ""
RunIdentity IdentityOf(const RunSpec& spec, const std::string& init_hash, ContentHashes& hashes);

/// Finds out where one run stands. A folder that holds another run is left alone: this one goes
/// into "<folder>@<hash>".
PlannedRun PlanRun(const RunSpec& spec, const RunIdentity& identity, const std::string& folder);

/// Finds out what is finished, what goes on and what is new.
std::vector<PlannedRun> MakePlan(const Experiment& experiment, const std::string& folder,
                                 ContentHashes& hashes);

/// The run of this name, or nullptr.
const PlannedRun* FindRun(const std::vector<PlannedRun>& plan, const std::string& name);

std::string PlanText(const std::vector<PlannedRun>& plan);

}  // namespace seglab
