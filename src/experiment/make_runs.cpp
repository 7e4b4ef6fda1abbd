#include "experiment/make_runs.h"

#include <torch/torch.h>

#include <chrono>
#include <memory>
#include <thread>

#include "base/claim.h"
#include "base/error.h"
#include "base/files.h"
#include "base/folder_lock.h"
#include "base/log.h"
#include "base/signals.h"
#include "experiment/collect.h"
#include "experiment/execute.h"
#include "experiment/failures.h"
#include "experiment/library_errors.h"
#include "experiment/run_queue.h"
#include "report/report.h"

namespace seglab {
namespace {

enum class Outcome {
  kEnded,  ///< finished, or failed
  kBusy,   ///< a process that has no claim holds the folder
};

/// Does a run; what makes it fail is kept and stops no other.
/// @param busy  who holds the folder
Outcome Attempt(PlannedRun& run, const ExecuteOptions& options, std::string& busy) {
  if (IsFirst(options.group)) ForgetFailure(run);
  try {
    ExecuteRun(run, options);
    run.status = RunStatus::kFinished;
  } catch (const Stopped&) {
    throw;
  } catch (const FolderBusy& error) {
    if (options.group != nullptr) throw;  // the others are in the run already
    busy = error.what();
    return Outcome::kBusy;
  } catch (const GroupLost&) {
    throw;
  } catch (const std::exception& error) {
    run.failure = ErrorText(error);
    const std::string own = run.spec.name + ": ";  // stands before it anyway
    if (run.failure.starts_with(own)) run.failure.erase(0, own.size());
    KeepFailure(run, run.failure);
    // The others wait for this one: the job ends, and the next one leaves this run out.
    if (options.group != nullptr) throw;
    Log::Warn(run.spec.name, ": failed: ", run.failure);
  }
  return Outcome::kEnded;
}

/// The report so far, unless another process is about to write it.
void WriteInterimReport(const Experiment& experiment, const std::vector<PlannedRun>& plan,
                        const std::string& folder, const std::string& command) {
  Claims claims;
  const std::unique_ptr<Claim> claim = claims.Try(JoinPath(folder, "report"), nullptr);
  if (claim) WriteReports(CollectResults(experiment, plan, folder, command));
}

void Pause() {
  constexpr std::chrono::milliseconds kPause{500};
  std::this_thread::sleep_for(kPause);
  if (const int signal = StopRequested()) throw Stopped(signal, "stopped while waiting for others");
}

/// Tells the processes of a group what the first one has found: the folder may look older to them.
/// @param answer, taken  of the first; in the others they become its
void Tell(const Group& group, std::vector<PlannedRun>& plan, RunQueue::Answer& answer,
          PlannedRun*& taken) {
  Json told = {{"answer", static_cast<int>(answer)}};
  if (taken != nullptr) {
    told["run"] = taken - plan.data();
    told["status"] = static_cast<int>(taken->status);
    told["folder"] = taken->folder;
    told["iteration"] = taken->iteration;
    told["missing"] = taken->missing;
    const PlannedRun* init = FindRun(plan, taken->spec.init_run);
    told["init"] = init != nullptr ? init->folder : "";
  }
  const Json first = ParseJson(group.Gather(group.IsFirst() ? told.dump() : "")[0], "group");
  if (group.IsFirst()) return;
  answer = static_cast<RunQueue::Answer>(first["answer"].get<int>());
  if (answer != RunQueue::Answer::kTaken) return;
  taken = &plan[first["run"].get<size_t>()];
  taken->status = static_cast<RunStatus>(first["status"].get<int>());
  taken->folder = first["folder"].get<std::string>();
  taken->iteration = first["iteration"].get<int64_t>();
  taken->missing = first["missing"].get<std::vector<std::string>>();
  for (PlannedRun& run : plan) {
    if (run.spec.name == taken->spec.init_run) run.folder = first["init"].get<std::string>();
  }
}

}  // namespace

void MakeRuns(const Experiment& experiment, std::vector<PlannedRun>& plan,
              const std::string& folder, const RunnerOptions& options) {
  const bool first = IsFirst(options.group);
  RunQueue queue(plan, folder, options.only);
  std::string said;
  for (;;) {
    RunQueue::Answer answer = first ? queue.Next() : RunQueue::Answer::kWait;
    PlannedRun* taken = answer == RunQueue::Answer::kTaken ? &queue.run() : nullptr;
    if (options.group != nullptr) Tell(*options.group, plan, answer, taken);
    if (answer == RunQueue::Answer::kDone) {
      if (first) queue.TidyUp();
      return;
    }
    std::string waits_for;
    if (taken != nullptr) {
      PlannedRun& run = *taken;
      const PlannedRun* init = FindRun(plan, run.spec.init_run);
      const Outcome outcome = Attempt(run,
                                      {options.device, options.pictures, options.forms,
                                       options.group, init != nullptr ? init->folder : "", folder},
                                      waits_for);
      if (outcome == Outcome::kEnded) {
        queue.Release();
        queue.Refresh();
        if (first) WriteInterimReport(experiment, plan, folder, options.command);
        continue;
      }
      queue.PutOff(waits_for);
    }
    if (first && !queue.waits_for().empty() && queue.waits_for() != said) {
      said = queue.waits_for();
      Log::Info("waits for ", said);
    }
    Pause();
  }
}

}  // namespace seglab
