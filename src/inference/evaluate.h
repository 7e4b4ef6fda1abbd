#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "inference/eval_sink.h"
#include "inference/predictor.h"
#include "parallel/group.h"

namespace seglab {

struct EvalOptions {
  int threads = -1;                  ///< loader threads; -1 = as many as cores
  std::string title = "evaluating";  ///< of the progress bar; "" = none
  /// Processes that divide the images; null: this one does all. Each predicts its share, and the
  /// first, which has the sinks, gets the others' label maps.
  const Group* group = nullptr;
};

struct EvalSummary {
  int64_t images = 0;
  double seconds = 0;       ///< of loading and predicting; what the sinks take is left out
  double wait_seconds = 0;  ///< of it, waiting for data
};

/// Runs a network over a data set, an image at a time at its own size, and hands each image's truth
/// and labels to the sinks in turn. Nothing is kept of an image: memory does not depend on the size
/// of the data set.
/// @throws Error naming the file that cannot be read, Stopped after SIGINT or SIGTERM
EvalSummary Evaluate(Predictor& predictor, std::shared_ptr<const Dataset> dataset,
                     const std::vector<EvalSink*>& sinks, const EvalOptions& options = {});

}  // namespace seglab
