#include "inference/evaluate.h"

#include <torch/torch.h>

#include <optional>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/signals.h"
#include "data/loader.h"
#include "tensor/device.h"

namespace seglab {

namespace {

/// The part of a process that is not the first: it predicts and hands over.
EvalSummary PredictShare(Predictor& predictor, std::shared_ptr<const Dataset> dataset,
                         LoaderOptions loading, const Group& group) {
  loading.share = group.rank();
  loading.shares = group.size();
  EvalSummary summary;
  Loader loader = Loader::OnePass(std::move(dataset), {}, loading);
  while (const std::optional<Batch> batch = loader.Next()) {
    const at::Tensor labels = predictor.Labels(batch->image, batch->names.front()).select(0, 0);
    group.Send(labels.to(group.device()), 0);
    ++summary.images;
  }
  return summary;
}

/// A label map of an image that another process predicts. @param truth  of its shape
at::Tensor OthersLabels(const at::Tensor& truth, int from, const Group& group) {
  at::Tensor labels =
      at::empty(truth.sizes(), at::TensorOptions().dtype(at::kByte).device(group.device()));
  group.Receive(labels, from);
  return labels.cpu();
}

}  // namespace

EvalSummary Evaluate(Predictor& predictor, std::shared_ptr<const Dataset> dataset,
                     const std::vector<EvalSink*>& sinks, const EvalOptions& options) {
  EvalSummary summary;
  LoaderOptions loading;
  loading.threads = options.threads;
  loading.pin = DeviceOf(predictor.model()).is_cuda();
  if (!IsFirst(options.group))
    return PredictShare(predictor, std::move(dataset), loading, *options.group);
  const int64_t total = dataset->Size();
  const int shares = options.group == nullptr ? 1 : options.group->size();
  const double start = Seconds();
  double of_sinks = 0;
  Loader loader = Loader::OnePass(std::move(dataset), {}, loading);
  std::optional<Progress> progress;
  if (!options.title.empty()) progress.emplace(options.title, total);
  while (const std::optional<Batch> batch = loader.Next()) {
    // The others of a group would wait for ever: they are told of it when the pass is over.
    const int signal = options.group == nullptr ? StopRequested() : 0;
    if (signal != 0) throw Stopped(signal, "evaluation stopped");
    const at::Tensor truth = batch->label.select(0, 0).to(at::kByte);
    const auto share = static_cast<int>(summary.images % shares);
    const at::Tensor labels =
        share == 0 ? predictor.Labels(batch->image, batch->names.front()).select(0, 0)
                   : OthersLabels(truth, share, *options.group);
    const at::Tensor image = batch->image.select(0, 0);
    const EvalItem item{summary.images, batch->names.front(), image, truth, labels};
    const double before = Seconds();
    for (EvalSink* sink : sinks) sink->Add(item);
    of_sinks += Seconds() - before;
    ++summary.images;
    if (progress) progress->Update(summary.images);
  }
  summary.seconds = Seconds() - start - of_sinks;
  for (EvalSink* sink : sinks) sink->Finish();
  summary.wait_seconds = loader.WaitSeconds();
  return summary;
}

}  // namespace seglab
