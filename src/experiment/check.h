#pragma once

#include <set>
#include <string>

#include "data/dataset.h"
#include "experiment/spec.h"
#include "train/options.h"

namespace seglab {

/// Tries the runs of an experiment, so that a mistake in the last one is said before the first one
/// has trained for hours.
class RunChecks {
 public:
  /// @param shared  by several processes that train together
  explicit RunChecks(bool shared = false) : shared_(shared) {}

  /// Tries whether a run's data sets, network, transforms, loss, optimiser and evaluations can be
  /// made, and whether the weights fit that it starts from. Of a run that has not begun, samples of
  /// both data sets are read too (CheckDataset, once for all runs of the same data), and a training
  /// pass is made (TryTraining).
  /// @param init  the run that starts this one, or nullptr
  /// @throws Error
  void Check(const RunSpec& run, const RunSpec* init, bool is_new);

 private:
  void CheckData(const Dataset& data, const Json& options, const std::string& name,
                 const TrainOptions& train);

  bool shared_;
  std::set<std::string> known_data_;
};

}  // namespace seglab
