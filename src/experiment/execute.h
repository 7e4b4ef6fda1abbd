#pragma once

#include <string>

#include "experiment/plan.h"
#include "parallel/group.h"
#include "train/log_forms.h"

namespace seglab {

/// Validation images whose predictions a run keeps unless told otherwise, see PictureSink.
inline constexpr int kKeptPredictions = 200;

struct ExecuteOptions {
  std::string device = "auto";
  int pictures = kKeptPredictions;  ///< 0: none
  LogForms forms = {};              ///< of metrics.jsonl, written beside it
  const Group* group = nullptr;     ///< processes that work on the run together
  std::string init_folder;          ///< of the run that starts this one, or ""
  std::string shared_folder;        ///< where the pictures go that runs share
};

/// Does what is left of one run in its folder: trains, going on where an earlier life of it
/// stopped, and makes the evaluations that are missing. Each of them is kept as soon as it is
/// there.
/// @throws Error, Stopped
void ExecuteRun(const PlannedRun& run, const ExecuteOptions& options);

}  // namespace seglab
