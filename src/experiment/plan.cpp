#include "experiment/plan.h"

#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"
#include "data/registry.h"
#include "experiment/failures.h"
#include "experiment/identity.h"
#include "experiment/run_config.h"
#include "experiment/run_folder.h"
#include "train/checkpoint.h"
#include "weights/checkpoint_file.h"

namespace seglab {
namespace {

/// The hash of the weights that start a run, when a file does; "" when none does or it is not there
/// (the run itself complains).
std::string InitFileHash(const InitOptions& init) {
  if (!FileExists(init.from) && !FolderExists(init.from)) return "";
  return HashHex(ReadFile(FindCheckpoint(init.from, "last")));
}

/// @return the folder in which the run is, or is to be
std::string OwnFolder(const RunIdentity& identity, const std::string& folder, std::string& others) {
  const std::string there = HashIn(folder);
  if (there.empty() || there == identity.hash) return folder;
  const std::vector<std::string> texts =
      SettingsThatDiffer(DeterminantsIn(folder), identity.determinants);
  others = Join(texts, "; ");
  return folder + "@" + identity.hash.substr(0, 8);
}

std::vector<std::string> MissingEvaluations(const RunIdentity& identity,
                                            const StoredResult& result) {
  std::vector<std::string> missing;
  for (const auto& [name, hash] : identity.evaluations) {
    const auto stored = result.evaluations.find(name);
    if (stored == result.evaluations.end() || stored->second.value("identity", Json()) != hash)
      missing.push_back(name);
  }
  return missing;
}

std::string StatusText(const PlannedRun& run) {
  if (!run.failure.empty()) return "failed, tried again with --retry: " + run.failure;
  switch (run.status) {
    case RunStatus::kFinished:
      return "finished";
    case RunStatus::kTrained:
      return run.missing == std::vector<std::string>{""}
                 ? "trained, to be evaluated"
                 : "trained, to be evaluated: " + Join(run.missing);
    case RunStatus::kStarted:
      return StrCat("goes on at iteration ", run.iteration);
    case RunStatus::kNew:
      break;
  }
  return "new";
}

}  // namespace

RunIdentity IdentityOf(const RunSpec& spec, const std::string& init_hash, ContentHashes& hashes) {
  const RunConfig config = ReadRunConfig(spec, "");
  const std::string path = spec.name + ".data";
  const std::shared_ptr<const Dataset> train = MakeDataset(config.train_data, path);
  RunIdentity identity;
  std::string validation;
  if (config.train.early_stopping.On())
    validation = DataIdentity(*MakeDataset(config.val_data, path), hashes);
  identity.determinants =
      Determinants(spec, spec.init_run.empty() ? InitFileHash(config.init) : init_hash,
                   DataIdentity(*train, hashes), validation);
  identity.hash = HashHex(CanonicalJson(identity.determinants));
  for (const EvalConfig& evaluation : config.evaluations) {
    const auto data = MakeDataset(evaluation.data, path);
    Json options = evaluation.options.is_null() ? Json::object() : evaluation.options;
    options.erase("data");
    identity.evaluations[evaluation.name] =
        HashHex(CanonicalJson({{"options", options}, {"data", DataIdentity(*data, hashes)}}));
  }
  return identity;
}

PlannedRun PlanRun(const RunSpec& spec, const RunIdentity& identity, const std::string& folder) {
  PlannedRun run;
  run.spec = spec;
  run.identity = identity;
  run.folder = OwnFolder(identity, folder, run.others);
  run.failure = ReadFailure(run);
  const StoredResult result = ReadStoredResult(run.folder);
  run.missing = MissingEvaluations(identity, result);
  if (result.hash == identity.hash) {
    run.status = run.missing.empty() ? RunStatus::kFinished : RunStatus::kTrained;
    return run;
  }
  run.missing.clear();
  for (const auto& [name, hash] : identity.evaluations) run.missing.push_back(name);
  const auto state = ReadTrainState(JoinPath(run.folder, "last.safetensors"));
  if (state && state->run_hash == identity.hash) {
    run.status = RunStatus::kStarted;
    run.iteration = state->iteration;
  }
  return run;
}

const PlannedRun* FindRun(const std::vector<PlannedRun>& plan, const std::string& name) {
  for (const PlannedRun& run : plan) {
    if (run.spec.name == name) return &run;
  }
  return nullptr;
}

std::vector<PlannedRun> MakePlan(const Experiment& experiment, const std::string& folder,
                                 ContentHashes& hashes) {
  std::vector<PlannedRun> plan;
  for (const RunSpec& spec : experiment.runs) {
    const PlannedRun* init = FindRun(plan, spec.init_run);
    const RunIdentity identity =
        IdentityOf(spec, init != nullptr ? init->identity.hash : "", hashes);
    plan.push_back(PlanRun(spec, identity, JoinPath(folder, spec.name)));
  }
  return plan;
}

std::string PlanText(const std::vector<PlannedRun>& plan) {
  std::string text;
  for (const PlannedRun& run : plan) {
    text += StrCat("  ", run.spec.name);
    if (!run.spec.init_run.empty()) text += StrCat(" <- ", run.spec.init_run);
    text += StrCat(": ", StatusText(run), ", ", run.folder, "\n");
    if (run.others.empty() || run.status == RunStatus::kFinished) continue;
    text += StrCat("    (the folder without @ holds a run of other settings: ", run.others, ")\n");
  }
  return text;
}

}  // namespace seglab
