#include "experiment/failures.h"

#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/log.h"

namespace seglab {
namespace {

std::string FileOf(const PlannedRun& run) { return JoinPath(run.folder, "failed.json"); }

}  // namespace

std::string ReadFailure(const PlannedRun& run) {
  if (!FileExists(FileOf(run))) return "";
  const Json json = ReadJsonFile(FileOf(run));
  const bool same = json.is_object() && json.value("hash", "") == run.identity.hash;
  return same ? json.value("reason", "") : "";
}

void KeepFailure(const PlannedRun& run, const std::string& reason) {
  try {
    MakeFolders(run.folder);
    WriteFileAtomically(FileOf(run), JsonText({{"hash", run.identity.hash}, {"reason", reason}}));
  } catch (const Error& error) {
    Log::Warn(run.spec.name, ": that it failed is not kept: ", error.what());
  }
}

void ForgetFailure(const PlannedRun& run) {
  std::error_code ignored;
  std::filesystem::remove(FileOf(run), ignored);
}

}  // namespace seglab
