#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "tensor/precision.h"
#include "train/early_stopping.h"
#include "train/fit_options.h"
#include "train/schedule.h"

namespace seglab {

/// Rates of the parameters whose names begin with `prefix`; the last group that fits a name wins.
struct RateGroup {
  std::string prefix;
  double lr = 1;     ///< factor on the learning rate
  double decay = 1;  ///< factor on the weight decay
};

/// How a network is descended: trained by gradients; or, with `fit`, fitted. Everything here except
/// the last block determines the result.
struct TrainOptions {
  bool sync_bn = false;    ///< of several processes: batch norm over the samples of all of them
  int64_t iterations = 0;  ///< steps of the optimiser; 0 = no training, only evaluation
  double epochs = 0;       ///< instead of iterations: how often each sample is seen; 0 = not said
  int batch = 1;           ///< images per forward pass
  int accumulate = 1;      ///< passes that make up one step (Caffe's iter_size)
  double lr = 1e-3;        ///< base learning rate
  Json optimizer = "sgd";  ///< of OptimizerRows(): a name, or an object with "name" and its options
  double momentum = 0.9;   ///< of "sgd"; FCN: 0.9 with 20 images, or 0.99 with one ("heavy")
  double weight_decay = 5e-4;
  double bias_lr = 2;     ///< factor on the rate of biases (FCN, section 4.3)
  double bias_decay = 0;  ///< factor on their decay
  std::vector<RateGroup> groups;
  std::vector<std::string> only;  ///< prefixes: train these and freeze the rest; empty = train all
  bool freeze_bn = false;         ///< batch norm keeps its running statistics
  double clip_norm = 0;           ///< largest L2 norm of the whole gradient; 0 = no limit
  ScheduleOptions schedule;
  /// Decay of the moving average of the weights, which is what is scored and kept: 0 to below 1,
  /// 0 = the weights themselves (weight_average.h).
  double ema = 0;
  EarlyStoppingOptions early_stopping;  ///< needs eval_every, which then determines the result too
  Json loss = Json::object();  ///< of LossRows(): a name, or an object with "name" and its options
  Precision precision = Precision::kFloat32;
  /// 3x3 convolutions by Winograd's filtering where it fits, forward and backward (nn/winograd.h).
  bool winograd = false;
  bool deterministic = false;  ///< on a GPU the same bits each time (gpu.h)

  FitOptions fit;  ///< of rows whose recipe is kFitted, which take of the others only precision

  // What follows changes no result.
  std::string feature_cache =
      "features";          ///< folder of fitted networks, in the run folder or absolute
  int threads = -1;        ///< loader threads; -1 = as many as cores, 0 = none
  int64_t log_every = 20;  ///< iterations between log lines
  int64_t eval_every =
      0;  ///< iterations between evaluations, the best is kept; 0 = only at the end
  int64_t checkpoint_every = 0;    ///< iterations between checkpoints; 0 = by time
  double checkpoint_seconds = 60;  ///< time between checkpoints
  /// A run whose validation score (mean IU; of classifiers accuracy) is below `give_up_below` at an
  /// evaluation from step `give_up_after` on fails. 0: none does.
  double give_up_below = 0;
  int64_t give_up_after = 0;
  int64_t check_samples = 200;  ///< training samples looked at before the start; -1 = all, 0 = none

  /// Whether a network of these options is descended at all.
  bool Trains() const { return iterations > 0 || epochs > 0; }
  /// Steps that a data set of so many samples takes: iterations, or those of the epochs, rounded
  /// up.
  int64_t Steps(int64_t samples) const;

  /// The keys, a line each, for people.
  static std::string Help();
  static TrainOptions FromJson(const Json& json, const std::string& path);
  /// The names of the members that change no result of a "train".
  static std::vector<std::string> NeutralKeys(const Json& train);
  /// Whether a "train" looks at the validation data while it trains, so that they determine its
  /// result too.
  static bool StopsEarly(const Json& train);
};

}  // namespace seglab
