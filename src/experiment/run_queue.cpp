#include "experiment/run_queue.h"

#include <csignal>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/folder_lock.h"
#include "base/log.h"
#include "experiment/collect.h"

namespace seglab {
namespace {

std::string ClaimOf(const PlannedRun& run) { return JoinPath(run.folder, "claim"); }

}  // namespace

RunQueue::RunQueue(std::vector<PlannedRun>& plan, std::string folder, std::string only)
    : plan_(plan), folder_(std::move(folder)), only_(std::move(only)) {}

bool RunQueue::IsSettled(const PlannedRun& run) const {
  return run.status == RunStatus::kFinished ||
         StateOf(run, plan_).state != UnfinishedRun::State::kWaiting;
}

void RunQueue::Refresh(PlannedRun& run) const {
  run = PlanRun(run.spec, run.identity, JoinPath(folder_, run.spec.name));
}

void RunQueue::Refresh() {
  for (PlannedRun& run : plan_) {
    if (run.status != RunStatus::kFinished && &run != run_) Refresh(run);
  }
}

RunQueue::Answer RunQueue::Next() {
  Refresh();
  waits_for_.clear();
  bool done = true;
  for (PlannedRun& run : plan_) {
    if (!IsWanted(run) || IsSettled(run)) continue;
    done = false;
    const PlannedRun* init = FindRun(plan_, run.spec.init_run);
    if (init != nullptr && init->status != RunStatus::kFinished) {
      if (!only_.empty() && !IsBeingMade(*init)) {
        throw Error(run.spec.name, ": starts from ", init->spec.name,
                    ", which is not finished; make that run first");
      }
      continue;
    }
    if (Take(run)) return Answer::kTaken;
    if (waits_for_.empty()) {
      const std::string owner = claims_.Owner(ClaimOf(run));
      waits_for_ = run.spec.name + (owner.empty() ? "" : " (" + owner + ")");
    }
  }
  return done ? Answer::kDone : Answer::kWait;
}

bool RunQueue::Take(PlannedRun& run) {
  MakeFolders(run.folder);
  const std::string name = run.spec.name;
  claim_ = claims_.Try(ClaimOf(run), [name] {
    Log::Warn(name,
              ": another machine's process has taken this run, as this one seemed dead to "
              "it; this one stops");
    std::raise(SIGTERM);
  });
  if (!claim_) return false;
  // It may have been finished between our look and our claim, or its folder be another's by now.
  const std::string claimed = run.folder;
  Refresh(run);
  if (IsSettled(run) || run.folder != claimed) {
    claim_.reset();
    return false;
  }
  if (!claim_->heir_of().empty())
    Log::Info(name, ": taken over from ", claim_->heir_of(), ", which is gone");
  run_ = &run;
  return true;
}

bool RunQueue::IsBeingMade(const PlannedRun& run) {
  return FolderExists(run.folder) && claims_.Try(ClaimOf(run), nullptr) == nullptr;
}

void RunQueue::TidyUp() {
  for (const PlannedRun& run : plan_) {
    if (!IsWanted(run) || !FolderExists(run.folder)) continue;
    // Made and given up again, what dead processes have left goes.
    if (!claims_.Owner(ClaimOf(run)).empty()) claims_.Try(ClaimOf(run), nullptr);
    if (!FileExists(JoinPath(run.folder, "lock"))) continue;
    try {
      const FolderLock lock(run.folder);
    } catch (const Error&) {  // it is held
    }
  }
}

void RunQueue::Release() {
  claim_.reset();
  run_ = nullptr;
}

void RunQueue::PutOff(const std::string& reason) {
  waits_for_ = reason;
  Release();
}

}  // namespace seglab
