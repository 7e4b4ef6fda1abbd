#pragma once

#include <string>

#include "base/log.h"
#include "train/checkpoint.h"
#include "train/metrics_log.h"
#include "train/train_step.h"

namespace seglab {

/// What a training says of itself between two log lines: loss, speed, waiting for data.
class LossLog {
 public:
  /// @param classes  whose logarithm is the loss of a network that knows nothing; 0: it is not
  /// @param state  where the training stands; the loss since its last log line goes on from there
  /// @param group  processes that train together: their parts of the loss are summed
  LossLog(std::string title, int classes, const TrainState& state, const TrainOptions& options,
          const c10::Device& device, const Group* group = nullptr);

  void Add(const StepLoss& step);

  /// Writes the line of the steps since the last one to the metrics and onto the terminal, and
  /// warns once of a loss that stays where a network that knows nothing has it.
  /// @param rate          of the last step
  /// @param wait_seconds  that the loader has waited so far
  /// @param metrics       null where another process writes them
  /// @throws Error when the loss is no longer finite
  void Line(const TrainState& state, double rate, double wait_seconds, MetricsLog* metrics,
            Progress& progress);

  /// Puts what has not been logged yet into a checkpoint's state. @return whether it is finite
  bool Save(TrainState& state);

 private:
  /// Makes the sum that of all processes.
  void SumUp();

  std::string title_;
  int classes_;
  const TrainOptions& options_;
  const Group* group_;
  at::Tensor sum_, counted_;
  double start_;  ///< of this window, in seconds of training
  double waited_ = 0;
  int64_t first_;
  bool warned_ = false;
};

}  // namespace seglab
