#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "metrics/confusion_matrix.h"
#include "models/seg_model.h"

namespace seglab {

/// "float32", "bfloat16".
const std::vector<std::string>& PrecisionNames();

struct EvalOptions {
  int threads = -1;                   ///< loader threads; -1 = as many as cores
  std::string precision = "float32";  ///< or "bfloat16"
  std::string title = "evaluating";   ///< of the progress bar; "" = none
};

struct EvalResult {
  ConfusionMatrix matrix;
  int64_t images = 0;
  double seconds = 0;       ///< of the whole pass
  double wait_seconds = 0;  ///< of it, waiting for data
};

/// Runs the network over a data set, an image at a time at its own size, and counts. Nothing is
/// kept of an image: memory does not depend on the size of the data set. The model is in evaluation
/// mode afterwards. For a classification data set the matrix counts images.
EvalResult Evaluate(SegModel& model, std::shared_ptr<const Dataset> dataset,
                    const EvalOptions& options);

/// @param image  (N, H, W, 3) uint8, R G B
/// @return (N, classes, H, W) float32 on the model's device; no gradient
/// @throws Error on an unknown precision
at::Tensor PredictLogits(SegModel& model, const at::Tensor& image,
                         const std::string& precision = "float32");

/// The device of the model's parameters.
c10::Device DeviceOf(const SegModel& model);

}  // namespace seglab
