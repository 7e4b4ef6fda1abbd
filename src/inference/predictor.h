#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "models/seg_model.h"
#include "tensor/precision.h"

namespace seglab {

struct PredictOptions {
  Precision precision = Precision::kFloat32;
};

/// The one way from pixels to labels: evaluation, masks, pictures and reports all take it.
class Predictor {
 public:
  /// @param model  on its device; shared, not copied: put into evaluation mode at each call
  explicit Predictor(std::shared_ptr<SegModel> model, const PredictOptions& options = {});

  /// The classes' scores: the larger, the likelier.
  /// @param image  (N, H, W, 3) uint8, R G B, any size from 1 x 1
  /// @return (N, classes, H, W) float32 on the model's device, (N, classes) of a classifier; no
  /// gradient
  at::Tensor Scores(const at::Tensor& image);

  /// The class of the largest score, the first one where several are equal.
  /// @return (N, H, W) uint8 on the CPU, (N) of a classifier
  at::Tensor Labels(const at::Tensor& image);

  SegModel& model() { return *model_; }

 private:
  std::shared_ptr<SegModel> model_;
  PredictOptions options_;
};

}  // namespace seglab
