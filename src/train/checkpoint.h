#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/json.h"
#include "models/seg_model.h"
#include "train/early_stopping.h"
#include "train/optimizer.h"
#include "train/weight_average.h"

namespace seglab {

/// Where a training stands, beside its tensors.
struct TrainState {
  std::string run_hash;    ///< of the run it belongs to
  int64_t iteration = 0;   ///< steps done
  double loss_sum = 0;     ///< since the last log line
  int64_t loss_count = 0;  ///< pixels (or images) in it
  double best_score = -1;  ///< best mean IU (or accuracy) so far
  int64_t best_iteration = 0;
  double seconds = 0;  ///< spent so far
  bool finished = false;
  bool evaluation_due = false;  ///< the score after this step has not been measured
  EarlyStoppingState early_stopping;
  Json ToJson() const;
  static TrainState FromJson(const Json& json, const std::string& path);
};

/// Writes weights, the optimiser's state and where the training stands as one file, atomically:
/// after a crash they still belong together. A finished training is written without the optimiser's
/// state.
/// @param average  of the weights, written beside them; nullptr: there is none
void SaveCheckpoint(const std::string& path, const SegModel& model, const Optimizer& optimizer,
                    const WeightAverage* average, const TrainState& state,
                    std::map<std::string, std::string> metadata);

/// The same of a training that has ended, or had no optimiser. @param state  finished
void SaveFinished(const std::string& path, const SegModel& model, const TrainState& state,
                  std::map<std::string, std::string> metadata);

/// Reads the state of a checkpoint; std::nullopt when there is no file.
std::optional<TrainState> ReadTrainState(const std::string& path);

/// Restores weights, preprocessing and, unless the training is finished, the optimiser's state.
/// @throws Error when they do not fit
void RestoreCheckpoint(const std::string& path, SegModel& model, Optimizer& optimizer);
/// Restores the average of the weights of an unfinished training. @throws Error when it is not
/// there
void RestoreAverage(const std::string& path, WeightAverage& average);
/// Restores weights and preprocessing. @throws Error when they do not fit
void RestoreFinished(const std::string& path, SegModel& model);

}  // namespace seglab
