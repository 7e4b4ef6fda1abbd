#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/loader.h"
#include "data/transforms.h"
#include "models/seg_model.h"
#include "parallel/group.h"
#include "tensor/device.h"
#include "train/log_forms.h"
#include "train/options.h"

namespace seglab {

/// Everything one training needs, whatever its recipe.
struct TrainJob {
  std::shared_ptr<SegModel> model;  ///< started (fresh or from a file), on its device
  Json model_spec;                  ///< for the checkpoint
  std::shared_ptr<const Dataset> train;
  std::shared_ptr<const Dataset> val;  ///< may be null when options.eval_every is 0
  std::vector<Transform> transforms;
  TrainOptions options;
  uint64_t seed = 1;             ///< of order, transforms and dropout
  std::string folder;            ///< run folder: checkpoints and metrics.jsonl
  std::string run_hash;          ///< a checkpoint of another hash is not continued
  std::string title;             ///< for the log
  LogForms forms = {};           ///< of metrics.jsonl, written beside it
  const Group* group = nullptr;  ///< processes that train together; null: this one alone
};

/// How the training data are loaded.
inline LoaderOptions LoadingOf(const TrainJob& job) {
  LoaderOptions loading;
  loading.batch = job.options.batch;
  loading.threads = job.options.threads;
  loading.seed = job.seed;
  loading.fill = job.model->preprocessing.FillColor();
  loading.pin = DeviceOf(*job.model).is_cuda();
  if (job.group != nullptr) {
    loading.share = job.group->rank();
    loading.shares = job.group->size();
  }
  return loading;
}

struct TrainSummary {
  double seconds = 0;  ///< of training, over all lives of the run
  int64_t iterations = 0;
  double best_score = -1;  ///< when options.eval_every was set
  int64_t best_iteration = 0;
};

}  // namespace seglab
