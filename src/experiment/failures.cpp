#include "experiment/failures.h"

#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/log.h"

namespace seglab {
namespace {

std::string FileOf(const PlannedRun& run) { return JoinPath(run.folder, "failed.json"); }

/// All of them, also those that change no weight: who mends one tries the run again by that.
std::string SettingsOf(const PlannedRun& run) {
  return HashHex(run.identity.hash + CanonicalJson(run.spec.config));
}

}  // namespace

std::string ReadFailure(const PlannedRun& run) {
  if (!FileExists(FileOf(run))) return "";
  try {
    const Json json = ReadJsonFile(FileOf(run));
    JsonReader reader(json, FileOf(run));
    return reader.Require<std::string>("settings") == SettingsOf(run)
               ? reader.Require<std::string>("reason")
               : "";
  } catch (const std::exception& error) {
    Log::Warn(run.spec.name, ": ", error.what(), "; it is taken as not having failed");
    return "";
  }
}

void KeepFailure(const PlannedRun& run, const std::string& reason) {
  try {
    MakeFolders(run.folder);
    WriteFileAtomically(FileOf(run), JsonText({{"settings", SettingsOf(run)}, {"reason", reason}}));
  } catch (const std::exception& error) {
    Log::Warn(run.spec.name, ": that it failed is not kept: ", error.what());
  }
}

void ForgetFailure(const PlannedRun& run) {
  std::error_code ignored;
  std::filesystem::remove(FileOf(run), ignored);
}

}  // namespace seglab
