#include "train/trainer.h"

#include <torch/torch.h>

#include <cmath>
#include <iomanip>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/random.h"
#include "base/signals.h"
#include "data/loader.h"
#include "metrics/scores.h"
#include "tensor/compat.h"
#include "train/checkpoint.h"
#include "train/checks.h"
#include "train/evaluator.h"
#include "train/metrics_log.h"

namespace seglab {
namespace {

constexpr uint64_t kDropoutSalt = 0x64726f70;  // "drop"

std::string Fixed(double value, int digits) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(digits) << value;
  return out.str();
}

/// The last of `log_every` steps, or of all.
bool Due(int64_t iteration, int64_t every, int64_t total) {
  return every > 0 && (iteration % every == 0 || iteration == total);
}

/// Convolution weights in the layout in which convolutions run fastest.
void UseChannelsLast(torch::nn::Module& module) {
  torch::NoGradGuard no_grad;
  for (at::Tensor& parameter : module.parameters()) {
    if (parameter.dim() == 4)
      parameter.set_data(parameter.contiguous(at::MemoryFormat::ChannelsLast));
  }
}

void FreezeBatchNorm(torch::nn::Module& module) {
  for (auto& child : module.modules()) {
    if (child->as<torch::nn::BatchNorm2dImpl>() != nullptr) child->eval();
  }
}

/// One training from its first or last step on; see Train().
class Training {
 public:
  explicit Training(const TrainJob& job)
      : job_(job),
        options_(job.options),
        device_(DeviceOf(*job.model)),
        classes_(job.train->Labels().size()),
        optimizer_(PreparedModule(job), job.options),
        last_path_(JoinPath(job.folder, "last.safetensors")),
        best_path_(JoinPath(job.folder, "best.safetensors")),
        metadata_(ModelMetadata(*job.model, job.model_spec, job.train->Labels())) {
    state_.run_hash = job.run_hash;
    if (std::optional<TrainState> saved = ReadTrainState(last_path_)) {
      if (saved->run_hash == job.run_hash) Resume(*saved);
    }
    metadata_ = ModelMetadata(*job.model, job.model_spec, job.train->Labels());
  }

  TrainSummary Run() {
    if (!state_.finished) {
      MetricsLog metrics(JoinPath(job_.folder, "metrics.jsonl"), state_.iteration);
      metrics_ = &metrics;
      Loop();
    }
    return {state_.seconds, state_.iteration, state_.best_score, state_.best_iteration};
  }

 private:
  static torch::nn::Module& PreparedModule(const TrainJob& job) {
    UseChannelsLast(*job.model);
    return *job.model;
  }

  void Resume(const TrainState& saved) {
    RestoreCheckpoint(last_path_, *job_.model, optimizer_);
    state_ = saved;
    if (!state_.finished && state_.iteration > 0) {
      Log::Info(job_.title, ": goes on at iteration ", state_.iteration);
    }
  }

  void Loop() {
    LoaderOptions loading;
    loading.batch = options_.batch;
    loading.threads = options_.threads;
    loading.seed = job_.seed;
    loading.fill = job_.model->preprocessing.FillColor();
    const int64_t first = state_.iteration * options_.accumulate;
    const int64_t last = options_.iterations * options_.accumulate;
    Loader loader(job_.train, job_.transforms, loading, first, last);

    loss_sum_ =
        at::full({}, state_.loss_sum, at::TensorOptions().dtype(at::kDouble).device(device_));
    Progress progress(job_.title, options_.iterations, state_.iteration);
    if (state_.evaluation_due) EvaluateOrSave();
    double clock = Seconds(), saved_at = clock, window_start = state_.seconds, window_wait = 0;
    int64_t window_first = state_.iteration;
    while (state_.iteration < options_.iterations) {
      const double rate =
          options_.lr * ScheduleFactor(options_.schedule, state_.iteration, options_.iterations);
      torch::manual_seed(MixSeed(job_.seed, kDropoutSalt, state_.iteration));
      for (int pass = 0; pass < options_.accumulate; ++pass) ForwardBackward(*loader.Next());
      optimizer_.Step(rate);
      ++state_.iteration;

      const double now = Seconds();
      state_.seconds += now - clock;
      clock = now;
      if (Due(state_.iteration, options_.log_every, options_.iterations)) {
        const double seconds = std::max(state_.seconds - window_start, 1e-9);
        const double images = static_cast<double>((state_.iteration - window_first) *
                                                  options_.batch * options_.accumulate);
        LogLine(rate, images / seconds, (loader.WaitSeconds() - window_wait) / seconds, progress);
        window_start = state_.seconds;
        window_wait = loader.WaitSeconds();
        window_first = state_.iteration;
      }
      const bool evaluated = Due(state_.iteration, options_.eval_every, options_.iterations);
      if (evaluated) EvaluateOrSave();
      const int signal = StopRequested();
      const bool by_count =
          options_.checkpoint_every > 0 && state_.iteration % options_.checkpoint_every == 0;
      const bool by_time =
          options_.checkpoint_every == 0 && Seconds() - saved_at > options_.checkpoint_seconds;
      if (signal != 0 || by_count || by_time || evaluated) {
        Save();
        saved_at = Seconds();
      }
      if (signal != 0 && state_.iteration < options_.iterations) StopAt(signal);
      if (evaluated) clock = Seconds();
    }
    state_.finished = true;
    Save();
  }

  void ForwardBackward(const Batch& batch) {
    if (!checked_) {
      checked_ = true;
      CheckTrunk(*job_.model, batch);
    }
    job_.model->train();
    if (options_.freeze_bn) FreezeBatchNorm(*job_.model);
    const at::Tensor label = batch.label.to(device_, /*non_blocking=*/true);
    at::Tensor loss;
    {
      const AutocastGuard autocast(device_.type(), options_.precision == "bfloat16", at::kBFloat16);
      const at::Tensor input = Preprocess(batch.image.to(device_, true), job_.model->preprocessing);
      const SegOutput out = job_.model->forward(input);
      loss = CrossEntropy(out.logits, label, options_.loss);
      if (out.aux_logits.defined()) {
        loss = loss + options_.aux_weight * CrossEntropy(out.aux_logits, label, options_.loss);
      }
    }
    loss.backward();
    // Kept as a sum over pixels, so that the logged mean means the same for both reductions.
    const int64_t counted = label.ne(kIgnoreLabel).sum().item<int64_t>();
    const at::Tensor value = loss.detach().to(at::kDouble);
    loss_sum_ += options_.loss.reduction == "sum" ? value : value * static_cast<double>(counted);
    state_.loss_count += counted;
  }

  void LogLine(double rate, double images_per_second, double wait_share, Progress& progress) {
    const double loss =
        loss_sum_.item<double>() / static_cast<double>(std::max<int64_t>(state_.loss_count, 1));
    loss_sum_.zero_();
    state_.loss_count = 0;
    if (!std::isfinite(loss)) {
      throw Error(job_.title, ": the loss is no longer finite at iteration ", state_.iteration,
                  "; lower train.lr (now ", rate,
                  ") or set train.clip_norm; the last checkpoint is kept");
    }
    metrics_->Write({{"iteration", state_.iteration},
                     {"loss", loss},
                     {"lr", rate},
                     {"images_per_second", images_per_second},
                     {"wait", wait_share},
                     {"seconds", state_.seconds}});
    progress.Update(
        state_.iteration,
        StrCat("loss ", Fixed(loss, 4), "  lr ", rate, "  ", Fixed(images_per_second, 1),
               " images/s  waiting for data ", Fixed(100 * wait_share, 1), " %"));
    if (!warned_ && state_.iteration >= 5 * options_.log_every && LossIsStuck(loss, classes_)) {
      warned_ = true;
      Log::Warn(job_.title, ": after ", state_.iteration, " iterations the loss is still ln(",
                classes_, ") = ", Fixed(std::log(classes_), 3),
                ", as of a network that knows nothing; is the rate too low (", rate,
                " with loss \"", options_.loss.reduction, "\") or the backbone not started?");
    }
  }

  [[noreturn]] void StopAt(int signal) {
    throw Stopped(signal, StrCat(job_.title, ": stopped and saved at iteration ", state_.iteration,
                                 "; the same command goes on from there"));
  }

  /// A stop meanwhile leaves the score to the training's next life.
  void EvaluateOrSave() {
    state_.evaluation_due = true;
    try {
      EvaluateNow();
    } catch (const Stopped& stopped) {
      Save();
      StopAt(stopped.signal());
    }
    state_.evaluation_due = false;
  }

  void EvaluateNow() {
    EvalOptions options;
    options.threads = options_.threads;
    options.precision = options_.precision;
    options.title = "";
    const EvalResult result = Evaluate(*job_.model, job_.val, options);
    const Scores scores = ComputeScores(result.matrix);
    const double score = job_.val->IsClassification() ? scores.pixel_acc : scores.mean_iou;
    metrics_->Write({{"iteration", state_.iteration},
                     {"pixel_acc", scores.pixel_acc},
                     {"mean_acc", scores.mean_acc},
                     {"mean_iou", scores.mean_iou},
                     {"fw_iou", scores.fw_iou}});
    Log::Info(job_.title, ": iteration ", state_.iteration, ", val mean IU ",
              Fixed(100 * scores.mean_iou, 1), ", pixel acc. ", Fixed(100 * scores.pixel_acc, 1));
    if (!(score > state_.best_score)) return;
    state_.best_score = score;
    state_.best_iteration = state_.iteration;
    TrainState best = state_;
    best.finished = true;  // weights alone
    best.evaluation_due = false;
    SaveCheckpoint(best_path_, *job_.model, optimizer_, best, metadata_);
  }

  void Save() {
    state_.loss_sum = loss_sum_.item<double>();
    if (!std::isfinite(state_.loss_sum))
      return;  // keep the last good one; the next log line says why
    SaveCheckpoint(last_path_, *job_.model, optimizer_, state_, metadata_);
  }

  const TrainJob& job_;
  const TrainOptions& options_;
  c10::Device device_;
  int classes_;
  Sgd optimizer_;
  std::string last_path_, best_path_;
  std::map<std::string, std::string> metadata_;
  TrainState state_;
  MetricsLog* metrics_ = nullptr;
  at::Tensor loss_sum_;
  bool checked_ = false;
  bool warned_ = false;
};

}  // namespace

TrainSummary Train(const TrainJob& job) { return Training(job).Run(); }

}  // namespace seglab
