#include "experiment/estimate.h"

#include <torch/torch.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/drawn_split.h"
#include "data/loader.h"
#include "experiment/run_config.h"
#include "losses/loss.h"
#include "models/registry.h"
#include "tensor/device.h"
#include "tensor/runtime.h"
#include "train/median_frequency.h"
#include "train/optimizer.h"
#include "train/train_step.h"
#include "train/validation.h"
#include "train/weight_average.h"

namespace seglab {
namespace {

constexpr int kWarmUp = 1, kMeasured = 2;

struct Cost {
  double step_seconds = 0, image_seconds = 0;
  int64_t state_bytes = 0;  ///< weights, their averages and what the optimiser keeps
};

int64_t BytesOf(const NamedTensors& tensors) {
  int64_t bytes = 0;
  for (const auto& [name, tensor] : tensors) bytes += static_cast<int64_t>(tensor.nbytes());
  return bytes;
}

/// A step at rate 0, which changes no weight.
double StepSeconds(const TrainJob& job, Optimizer& optimizer, WeightAverage* average) {
  const auto loss =
      MakeLoss(LossWithoutCounting(job.options.loss), job.train->Labels().size(), "train.loss");
  const int64_t passes = int64_t{kWarmUp + kMeasured} * job.options.accumulate;
  Loader loader(job.train, job.transforms, LoadingOf(job), 0, passes);
  double start = 0;
  for (int step = 0; step < kWarmUp + kMeasured; ++step) {
    if (step == kWarmUp) start = Seconds();
    std::vector<Batch> batches;
    for (int pass = 0; pass < job.options.accumulate; ++pass) batches.push_back(*loader.Next());
    ComputeGradients(*job.model, batches, *loss, job.options).sum.item<double>();
    optimizer.Step(0);
    if (average != nullptr) average->Update(step + 1);
  }
  return (Seconds() - start) / kMeasured;
}

/// Of a validation, an image.
double ImageSeconds(const TrainJob& job) {
  constexpr int64_t kImages = 3;
  const int64_t images = std::min(kImages, job.val->Size());
  const double start = Seconds();
  const LogSilence silence;
  Validate(job.model, FirstSamples(job.val, images), job.options);
  return (Seconds() - start) / static_cast<double>(images);
}

Cost Measure(TrainJob& job, const std::string& device) {
  job.model->to(PickDevice(device));
  UseChannelsLast(*job.model);
  const std::unique_ptr<Optimizer> optimizer = MakeOptimizer(*job.model, job.options);
  std::optional<WeightAverage> average;
  if (job.options.ema > 0) average.emplace(*job.model, job.options.ema);
  Cost cost;
  if (job.options.iterations > 0)
    cost.step_seconds = StepSeconds(job, *optimizer, average ? &*average : nullptr);
  cost.image_seconds = ImageSeconds(job);
  cost.state_bytes = BytesOf(optimizer->State());
  if (average) cost.state_bytes += BytesOf(average->State());
  for (const at::Tensor& tensor : job.model->parameters())
    cost.state_bytes += static_cast<int64_t>(tensor.nbytes());
  return cost;
}

/// Runs of one key cost the same.
std::string KindOf(const RunSpec& run, bool trains) {
  Json kind = run.config;
  kind["trains"] = trains;
  for (const char* key : {"seed", "init", "eval"}) kind.erase(key);
  if (kind.contains("train")) {
    for (const char* key :
         {"lr", "momentum", "weight_decay", "iterations", "epochs", "schedule", "bias_lr",
          "bias_decay", "eval_every", "early_stopping", "give_up", "log_every"})
      kind["train"].erase(key);
  }
  return CanonicalJson(kind);
}

}  // namespace

Estimate EstimateRuns(const std::vector<PlannedRun>& plan, const std::string& device) {
  Estimate estimate;
  std::map<std::string, Cost> known;
  for (const PlannedRun& planned : plan) {
    if (planned.status == RunStatus::kFinished || !planned.failure.empty()) continue;
    const RunConfig config = ReadRunConfig(planned.spec, "");
    if (ModelRecipe(config.model) == Recipe::kFitted) continue;
    TrainJob job = MakeJob(planned.spec, config);
    const std::string kind = KindOf(planned.spec, job.options.iterations > 0);
    if (known.count(kind) == 0) known[kind] = Measure(job, device);
    const Cost& cost = known[kind];
    const int64_t steps = job.options.iterations, every = job.options.eval_every;
    const bool trained = planned.status == RunStatus::kTrained;
    Estimate::Run run;
    run.name = planned.spec.name;
    run.steps = trained ? 0 : steps - planned.iteration;
    run.step_seconds = cost.step_seconds;
    const int64_t validations = trained || every == 0 ? 0 : (run.steps + every - 1) / every;
    run.images = (validations + static_cast<int64_t>(planned.missing.size())) * job.val->Size();
    run.image_seconds = cost.image_seconds;
    run.disk_bytes = steps > 0 ? cost.state_bytes * (every > 0 ? 2 : 1) : 0;
    estimate.runs.push_back(run);
  }
  estimate.memory_bytes = PeakMemory();
  return estimate;
}

std::string EstimateText(const Estimate& estimate) {
  if (estimate.runs.empty()) return "";
  std::string text = "a few steps and images of each kind, measured now:\n";
  double seconds = 0;
  int64_t disk = 0;
  for (const Estimate::Run& run : estimate.runs) {
    text += StrCat("  ", run.name, ": ", run.steps, " steps of ", Significant(run.step_seconds, 2),
                   " s, ", run.images, " images scored in ", Significant(run.image_seconds, 2),
                   " s each: about ", FormatDuration(run.Seconds()), "\n");
    seconds += run.Seconds();
    disk += run.disk_bytes;
  }
  return text + StrCat("in all about ", FormatDuration(seconds), ", ",
                       FormatBytes(estimate.memory_bytes), " of memory, ", FormatBytes(disk),
                       " of checkpoints\n");
}

}  // namespace seglab
