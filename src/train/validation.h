#pragma once

#include <memory>

#include "data/dataset.h"
#include "inference/predictor.h"
#include "metrics/scores.h"
#include "train/options.h"

namespace seglab {

/// The score by which the best weights of a training are kept, and the others beside it.
struct Validation {
  Scores scores;
  double score = 0;  ///< mean IU, of a classifier pixel (here: image) accuracy
};

/// Scores a network on the validation set as it stands. @throws Error, Stopped
Validation Validate(const std::shared_ptr<SegModel>& model, std::shared_ptr<const Dataset> val,
                    const TrainOptions& options, const Group* group = nullptr);

}  // namespace seglab
