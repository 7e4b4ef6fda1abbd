#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "inference/pass_memory.h"
#include "inference/predict_options.h"
#include "models/seg_model.h"

namespace seglab {

class CrfStep;

/// The one way from pixels to labels: evaluation, masks, pictures and reports all take it.
class Predictor {
 public:
  /// @param model  on its device; shared, not copied: put into evaluation mode at each call
  /// @throws Error when the options are wrong
  explicit Predictor(std::shared_ptr<SegModel> model, const PredictOptions& options = {});
  ~Predictor();

  /// The classes' scores: the larger, the likelier. A network's logits as they are; with several
  /// scales, flipped images or a CRF logarithms of probabilities.
  /// @param image  (N, H, W, 3) uint8, R G B, any size from 1 x 1
  /// @param name   of the image, for errors
  /// @return (N, classes, H, W) float32 on the model's device (with a CRF on the CPU), (N, classes)
  ///   of a classifier; no gradient
  /// @throws Error when a CRF is asked for of a classifier, when a pass or a CRF lacks memory (on
  ///   the CPU)
  at::Tensor Scores(const at::Tensor& image, const std::string& name = "image");

  /// The class of the largest score, the first one where several are equal.
  /// @return (N, H, W) uint8 on the CPU, (N) of a classifier
  at::Tensor Labels(const at::Tensor& image, const std::string& name = "image");

  SegModel& model() { return *model_; }

 private:
  Enlarged NetworkScores(const at::Tensor& image, const std::string& name);
  Enlarged FinalScores(const at::Tensor& image, const std::string& name);

  std::shared_ptr<SegModel> model_;
  PredictOptions options_;
  PassMemory memory_;
  std::unique_ptr<CrfStep> crf_;
};

}  // namespace seglab
