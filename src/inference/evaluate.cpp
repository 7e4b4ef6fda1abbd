#include "inference/evaluate.h"

#include <torch/torch.h>

#include <optional>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/signals.h"
#include "data/loader.h"

namespace seglab {

EvalSummary Evaluate(Predictor& predictor, std::shared_ptr<const Dataset> dataset,
                     const std::vector<EvalSink*>& sinks, const EvalOptions& options) {
  EvalSummary summary;
  LoaderOptions loading;
  loading.threads = options.threads;
  const int64_t total = dataset->Size();
  const double start = Seconds();
  double of_sinks = 0;
  Loader loader = Loader::OnePass(std::move(dataset), {}, loading);
  std::optional<Progress> progress;
  if (!options.title.empty()) progress.emplace(options.title, total);
  while (const std::optional<Batch> batch = loader.Next()) {
    if (const int signal = StopRequested()) throw Stopped(signal, "evaluation stopped");
    const at::Tensor labels = predictor.Labels(batch->image, batch->names.front()).select(0, 0);
    const at::Tensor truth = batch->label.select(0, 0).to(at::kByte);
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
