#include "train/evaluator.h"

#include <torch/torch.h>

#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/signals.h"
#include "data/loader.h"
#include "tensor/argmax.h"
#include "tensor/compat.h"

namespace seglab {
namespace {

void CountBatch(const at::Tensor& predicted, const Batch& batch, ConfusionMatrix& matrix) {
  if (batch.label.scalar_type() == at::kLong) {
    const at::Tensor truth = batch.label.to(at::kByte);
    matrix.Add(truth.data_ptr<uint8_t>(), predicted.data_ptr<uint8_t>(), truth.numel(),
               kIgnoreLabel, batch.names.front());
    return;
  }
  matrix.Add(batch.label.data_ptr<uint8_t>(), predicted.data_ptr<uint8_t>(), batch.label.numel(),
             kIgnoreLabel, batch.names.front());
}

}  // namespace

const std::vector<std::string>& PrecisionNames() {
  static const std::vector<std::string> names = {"float32", "bfloat16"};
  return names;
}

c10::Device DeviceOf(const SegModel& model) {
  const auto parameters = model.parameters();
  return parameters.empty() ? c10::Device(at::kCPU) : parameters.front().device();
}

at::Tensor PredictLogits(SegModel& model, const at::Tensor& image, const std::string& precision) {
  if (precision != "float32" && precision != "bfloat16") {
    throw Error(UnknownName("precision", precision, PrecisionNames()));
  }
  c10::InferenceMode inference;
  model.eval();
  const c10::Device device = DeviceOf(model);
  const AutocastGuard autocast(device.type(), precision == "bfloat16", at::kBFloat16);
  const at::Tensor input = Preprocess(image.to(device, /*non_blocking=*/true), model.preprocessing);
  return model.forward(input).logits.to(at::kFloat);
}

EvalResult Evaluate(SegModel& model, std::shared_ptr<const Dataset> dataset,
                    const EvalOptions& options) {
  EvalResult result{ConfusionMatrix(dataset->Labels().size())};
  LoaderOptions loading;
  loading.threads = options.threads;
  const int64_t total = dataset->Size();
  const double start = Seconds();
  Loader loader = Loader::OnePass(std::move(dataset), {}, loading);
  std::unique_ptr<Progress> progress;
  if (!options.title.empty()) progress = std::make_unique<Progress>(options.title, total);
  while (std::optional<Batch> batch = loader.Next()) {
    if (const int signal = StopRequested()) throw Stopped(signal, "evaluation stopped");
    const at::Tensor logits = PredictLogits(model, batch->image, options.precision);
    CountBatch(ArgMaxLabels(logits), *batch, result.matrix);
    result.images += batch->image.size(0);
    if (progress) progress->Update(result.images);
  }
  result.seconds = Seconds() - start;
  result.wait_seconds = loader.WaitSeconds();
  return result;
}

}  // namespace seglab
