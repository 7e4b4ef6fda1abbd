#include "train/trial.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "data/loader.h"
#include "losses/loss.h"
#include "models/registry.h"
#include "tensor/runtime.h"
#include "train/checks.h"
#include "train/median_frequency.h"
#include "train/train_step.h"

namespace seglab {
namespace {

constexpr int64_t kTrialSide = 129;  // pixels; 4 cells of stride 32 and one pixel

Batch FirstSamples(const TrainJob& job) {
  LoaderOptions loading = LoadingOf(job);
  loading.batch = static_cast<int>(std::min<int64_t>({2, job.options.batch, job.train->Size()}));
  loading.threads = 0;
  return *Loader(job.train, job.transforms, loading, 0, 1).Next();
}

/// The upper left corner.
Batch Corner(Batch batch) {
  for (const int64_t side : {1, 2}) {
    const int64_t length = std::min(batch.image.size(side), kTrialSide);
    batch.image = batch.image.narrow(side, 0, length);
    if (batch.task == Task::kSegmentation) batch.label = batch.label.narrow(side, 0, length);
  }
  batch.image = batch.image.contiguous();
  batch.label = batch.label.contiguous();
  return batch;
}

void CheckFinite(const TrainJob& job, const StepLoss& step) {
  if (!std::isfinite(step.sum.item<double>())) {
    throw Error(job.title,
                ": the loss of a first batch is not finite; look at the weights it starts ",
                "from and at \"loss\"");
  }
  for (const auto& parameter : job.model->named_parameters()) {
    const at::Tensor& gradient = parameter.value().grad();
    if (!gradient.defined() || at::isfinite(gradient).all().item<bool>()) continue;
    throw Error(job.title, ": a first batch's gradient of ", parameter.key(),
                " is not finite; look at the weights it starts from and at \"loss\"");
  }
}

void TryBatch(const TrainJob& job, const Batch& batch, const Loss& loss) {
  CheckTrunk(*job.model, batch);
  CheckFinite(job, ComputeGradients(*job.model, {batch}, loss, job.options));
  for (at::Tensor& parameter : job.model->parameters()) parameter.mutable_grad() = at::Tensor();
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

void TryTraining(const TrainJob& job) {
  if (job.train->Size() == 0) throw Error(job.title, ": the training data has no sample");
  const Batch batch = FirstSamples(job);
  if (ModelRecipe(job.model_spec) == Recipe::kFitted) return;
  const auto loss =
      MakeLoss(LossWithoutCounting(job.options.loss), job.train->Labels().size(), "train.loss");
  const Batch corner = Corner(batch);
  if (corner.image.sizes() != batch.image.sizes()) {
    try {
      return TryBatch(job, corner, *loss);
    } catch (const std::exception&) {  // perhaps the corner alone is too small: see the whole
    }
  }
  try {
    TryBatch(job, batch, *loss);
  } catch (const c10::Error& error) {
    throw Error(job.title, ": a training pass on ", batch.image.size(0), " images of ",
                batch.image.size(1), " x ", batch.image.size(2),
                " pixels (rows x columns) fails: ", FirstLine(error.msg()),
                "; look at \"model\", \"data.transforms\" and \"train.batch\"");
  }
}

}  // namespace seglab
