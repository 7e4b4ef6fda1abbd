#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/transforms.h"
#include "models/seg_model.h"
#include "train/options.h"

namespace seglab {

/// Everything one training needs.
struct TrainJob {
  std::shared_ptr<SegModel> model;  ///< started (fresh or from a file), on its device
  Json model_spec;                  ///< for the checkpoint
  std::shared_ptr<const Dataset> train;
  std::shared_ptr<const Dataset> val;  ///< may be null when options.eval_every is 0
  std::vector<Transform> transforms;
  TrainOptions options;
  uint64_t seed = 1;     ///< of order, transforms and dropout
  std::string folder;    ///< run folder: checkpoints and metrics.jsonl
  std::string run_hash;  ///< a checkpoint of another hash is not continued
  std::string title;     ///< for the log
};

struct TrainSummary {
  double seconds = 0;  ///< of training, over all lives of the run
  int64_t iterations = 0;
  double best_score = -1;  ///< when options.eval_every was set
  int64_t best_iteration = 0;
};

/// Trains until options.iterations steps are done, going on from last.safetensors if there is one.
/// The weights after step k are a function of the job alone: they depend neither on the number of
/// loader threads nor on where the training was interrupted. Writes last.safetensors (and
/// best.safetensors) and a line of metrics.jsonl per log line.
/// @throws Stopped after SIGINT or SIGTERM, with everything saved
/// @throws Error when a sample cannot be read, a check fails, or the loss is no longer finite
TrainSummary Train(const TrainJob& job);

}  // namespace seglab
