#include "inference/predictor.h"

#include <torch/torch.h>

#include <utility>

#include "tensor/argmax.h"
#include "tensor/compat.h"
#include "tensor/device.h"

namespace seglab {

Predictor::Predictor(std::shared_ptr<SegModel> model, const PredictOptions& options)
    : model_(std::move(model)), options_(options) {}

at::Tensor Predictor::Scores(const at::Tensor& image) {
  c10::InferenceMode inference;
  model_->eval();
  const c10::Device device = DeviceOf(*model_);
  const AutocastGuard autocast(device.type(), options_.precision == Precision::kBfloat16,
                               at::kBFloat16);
  const at::Tensor input =
      Preprocess(image.to(device, /*non_blocking=*/true), model_->preprocessing);
  return model_->forward(input).logits.to(at::kFloat);
}

at::Tensor Predictor::Labels(const at::Tensor& image) { return ArgMaxLabels(Scores(image)); }

}  // namespace seglab
