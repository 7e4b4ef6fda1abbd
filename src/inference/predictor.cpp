#include "inference/predictor.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "inference/crf_step.h"
#include "inference/windows.h"
#include "nn/fast_conv.h"
#include "tensor/argmax.h"
#include "tensor/compat.h"
#include "tensor/device.h"
#include "tensor/gpu.h"
#include "tensor/interpolation.h"

namespace seglab {
namespace {

at::Tensor Resize(const at::Tensor& image, int64_t height, int64_t width) {
  if (image.size(2) == height && image.size(3) == width) return image;
  return Interpolate(image, Interpolation::Resize(image, height, width));
}

}  // namespace

Predictor::Predictor(std::shared_ptr<SegModel> model, const PredictOptions& options)
    : model_(std::move(model)), options_(options) {
  options_.Check();
  UseGpu(DeviceOf(*model_), {options_.precision == Precision::kTf32});
  if (options_.crf) crf_ = std::make_unique<CrfStep>(*options_.crf);
}

Predictor::~Predictor() = default;

Enlarged Predictor::NetworkScores(const at::Tensor& image, const std::string& name) {
  const c10::Device device = DeviceOf(*model_);
  if (device.is_cpu()) {
    memory_.Check(*model_, options_, image.size(0), image.size(1), image.size(2), name);
  }
  const AutocastGuard autocast(device.type(), options_.precision == Precision::kBfloat16,
                               at::kBFloat16);
  const WinogradScope winograd(options_.winograd);
  const FusedScope fused(device.is_cpu());
  const at::Tensor input =
      Preprocess(image.to(device, /*non_blocking=*/true), model_->preprocessing);
  const auto score = [this](const at::Tensor& part) { return model_->forward(part).logits; };
  if (!options_.Averages()) return ScoreWindows(input, options_.window, score);

  const int64_t height = input.size(2), width = input.size(3);
  at::Tensor sum;
  for (double scale : options_.scales) {
    const auto scaled = [scale](int64_t length) {
      return std::max<int64_t>(std::llround(static_cast<double>(length) * scale), 1);
    };
    const at::Tensor resized = Resize(input, scaled(height), scaled(width));
    for (bool mirrored : {false, true}) {
      if (mirrored && !options_.flip) continue;
      at::Tensor scores = ScoreWindows(mirrored ? resized.flip(3) : resized, options_.window, score)
                              .Values()
                              .to(at::kFloat);
      if (scores.dim() == 4) {
        if (mirrored) scores = scores.flip(3);
        scores = Resize(scores, height, width);
      }
      const at::Tensor probabilities = scores.softmax(1);
      sum = sum.defined() ? sum.add_(probabilities) : probabilities;
    }
  }
  const double passes = static_cast<double>(options_.scales.size()) * (options_.flip ? 2 : 1);
  return sum.div_(passes).clamp_min_(1e-30).log_();
}

Enlarged Predictor::FinalScores(const at::Tensor& image, const std::string& name) {
  model_->eval();
  Enlarged scores = NetworkScores(image, name);
  if (!crf_) return scores;
  if (scores.dim() != 4) {
    throw Error("crf: a classifier has no map of scores to refine; take a segmentation network");
  }
  return crf_->Refine(image, scores.Values().to(at::kFloat), name);
}

at::Tensor Predictor::Scores(const at::Tensor& image, const std::string& name) {
  const c10::InferenceMode inference;
  return FinalScores(image, name).Values().to(at::kFloat);
}

at::Tensor Predictor::Labels(const at::Tensor& image, const std::string& name) {
  const c10::InferenceMode inference;
  return ArgMaxLabels(FinalScores(image, name), name);
}

}  // namespace seglab
