#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/claim.h"
#include "experiment/plan.h"

namespace seglab {

/// The runs of a plan that are still to be made, which several processes with one folder divide
/// among them: each run is claimed (base/claim.h) before it is begun, in the plan's order, and not
/// before the run that starts it is finished.
class RunQueue {
 public:
  enum class Answer {
    kTaken,  ///< one is claimed
    kWait,   ///< all that are left are made by others, or wait for such
    kDone,   ///< nothing is left to do
  };

  /// @param plan   that it keeps up with what others do
  /// @param folder of the experiment
  /// @param only   the one run that is wanted, or "": all
  RunQueue(std::vector<PlannedRun>& plan, std::string folder, std::string only);

  /// Claims the next run. @throws Error where the only run that is wanted starts from one that is
  /// neither finished nor made by anybody
  Answer Next();
  /// The run that is claimed.
  PlannedRun& run() const { return *run_; }
  /// Gives the claim up, when the run has ended in whatever way.
  void Release();
  /// The run's folder is held by a process that has no claim: it comes to its turn again later.
  void PutOff(const std::string& reason);
  /// Who is waited for, as far as Next has seen: "FCN-16s (process 12 on host)".
  const std::string& waits_for() const { return waits_for_; }

  /// Reads anew how the runs stand that were not finished.
  void Refresh();
  /// Removes what processes that were killed have left of claims and locks.
  void TidyUp();

 private:
  bool IsWanted(const PlannedRun& run) const { return only_.empty() || run.spec.name == only_; }
  bool IsSettled(const PlannedRun& run) const;
  void Refresh(PlannedRun& run) const;
  bool Take(PlannedRun& run);
  bool IsBeingMade(const PlannedRun& run);

  std::vector<PlannedRun>& plan_;
  std::string folder_, only_, waits_for_;
  Claims claims_;
  std::unique_ptr<Claim> claim_;
  PlannedRun* run_ = nullptr;
};

}  // namespace seglab
