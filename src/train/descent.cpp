#include "train/descent.h"

#include <torch/torch.h>

#include <cmath>
#include <csignal>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/format.h"
#include "base/log.h"
#include "base/random.h"
#include "base/signals.h"
#include "data/loader.h"
#include "losses/loss.h"
#include "parallel/gradient_sums.h"
#include "tensor/device.h"
#include "tensor/gpu.h"
#include "tensor/state.h"
#include "train/checkpoint.h"
#include "train/checks.h"
#include "train/loss_log.h"
#include "train/median_frequency.h"
#include "train/metrics_log.h"
#include "train/optimizer.h"
#include "train/schedule.h"
#include "train/train_step.h"
#include "train/validation.h"
#include "train/weight_average.h"
#include "weights/checkpoint_file.h"

namespace seglab {
namespace {

constexpr uint64_t kDropoutSalt = 0x64726f70;  // "drop"

/// The last of `every` steps, or of all.
bool Due(int64_t iteration, int64_t every, int64_t total) {
  return every > 0 && (iteration % every == 0 || iteration == total);
}

/// One training from its first or last step on; see Descend().
class Descent {
 public:
  explicit Descent(const TrainJob& job)
      : job_(job),
        options_(job.options),
        device_(DeviceOf(*job.model)),
        last_path_(JoinPath(job.folder, "last.safetensors")),
        best_path_(JoinPath(job.folder, "best.safetensors")) {
    UseGpu(device_, Ways());
    UseChannelsLast(*job.model);
    optimizer_ = MakeOptimizer(*job.model, options_);
    state_.run_hash = job.run_hash;
    const std::optional<TrainState> saved = ReadTrainState(last_path_);
    const bool saved_here = saved && saved->run_hash == job.run_hash;
    if (saved_here) {
      RestoreCheckpoint(last_path_, *job.model, *optimizer_);
      state_ = *saved;
    }
    if (job.group != nullptr) {
      CheckSameStart();
      job.group->BroadcastModule(*job.model);
      std::vector<at::Tensor> trained;
      for (const at::Tensor& parameter : job.model->parameters()) {
        if (parameter.requires_grad()) trained.push_back(parameter);
      }
      sums_.emplace(*job.group, std::move(trained));
    }
    // Behind the broadcast: all processes average the same.
    if (options_.ema > 0) average_.emplace(*job.model, options_.ema);
    if (average_ && saved_here && !state_.finished) RestoreAverage(last_path_, *average_);
    metadata_ = ModelMetadata(*job.model, job.model_spec, job.train->Labels());
  }

  TrainSummary Run() {
    if (!state_.finished) Loop();
    return {state_.seconds, state_.iteration, state_.best_score, state_.best_iteration};
  }

 private:
  void Loop() {
    if (state_.iteration > 0) Log::Info(job_.title, ": goes on at iteration ", state_.iteration);
    if (IsFirst(job_.group))
      metrics_.emplace(job_.folder, state_.iteration, state_.evaluation_due, job_.forms);
    const int classes = job_.train->Labels().size();
    loss_ = MakeLoss(LossWithCountedWeights(job_), classes, "train.loss");
    log_.emplace(job_.title, loss_->GuessIsLogOfClasses() ? classes : 0, state_, options_, device_,
                 job_.group);
    Loader loader = MakeLoader();
    Progress progress(job_.title, options_.iterations, state_.iteration);
    if (state_.evaluation_due) {
      Evaluate(loader, progress);
      Save();
    }
    double clock = Seconds(), saved_at = clock;
    while (!Done()) {
      const double rate = Step(loader);
      const double now = Seconds();
      state_.seconds += now - clock;
      clock = now;
      if (Due(state_.iteration, options_.log_every, options_.iterations)) {
        LogLine(rate, loader, progress);
      } else {
        progress.Step(state_.iteration);
      }
      const bool evaluated = Due(state_.iteration, options_.eval_every, options_.iterations);
      if (evaluated) Evaluate(loader, progress);
      const auto [signal, due] = Agreed(StopRequested(), CheckpointDue(Seconds() - saved_at));
      if (signal != 0 || evaluated || due) {
        Save();
        saved_at = Seconds();
      }
      if (signal != 0 && !Done()) {
        // Nobody ends while the first one writes: a launcher would end that too.
        if (job_.group != nullptr) job_.group->Barrier();
        StopAt(signal);
      }
      if (evaluated) clock = Seconds();
    }
    if (average_) average_->Exchange();
    CheckWeights();
    ShareStatistics();
    state_.finished = true;
    Save();
  }

  bool Done() const {
    return state_.iteration >= options_.iterations ||
           state_.early_stopping.Ends(options_.early_stopping);
  }

  void LogLine(double rate, const Loader& loader, Progress& progress) {
    log_->Line(state_, rate, loader.WaitSeconds(), metrics_ ? &*metrics_ : nullptr, progress);
  }

  /// The scores after a step; where they end the training, its last log line as well.
  void Evaluate(const Loader& loader, Progress& progress) {
    EvaluateOrSave();
    if (state_.iteration >= options_.iterations || !Done()) return;
    if (!Due(state_.iteration, options_.log_every, options_.iterations))
      LogLine(RateOf(state_.iteration - 1), loader, progress);
    Log::Info(job_.title, ": ends at iteration ", state_.iteration, " of ", options_.iterations,
              ", since ", options_.early_stopping.patience, " validations were no better");
  }

  double RateOf(int64_t iteration) const {
    return options_.lr * ScheduleFactor(options_.schedule, iteration, options_.iterations);
  }

  /// Batch norm's running statistics are those of the first process.
  void ShareStatistics() const {
    if (job_.group == nullptr) return;
    for (const at::Tensor& buffer : job_.model->buffers()) {
      if (buffer.is_floating_point()) job_.group->Broadcast(buffer);
    }
  }

  /// @throws Error where the processes of a group have read other checkpoints
  void CheckSameStart() const {
    const std::vector<std::string> starts =
        job_.group->Gather(StrCat(state_.run_hash, " at iteration ", state_.iteration));
    for (size_t rank = 1; rank < starts.size(); ++rank) {
      if (starts[rank] != starts[0])
        throw GroupLost(job_.folder, ": process ", rank, " finds ", starts[rank],
                        " there, process 0 ", starts[0], "; all must see one folder");
    }
  }

  GpuWays Ways() const {
    return {options_.precision == Precision::kTf32, options_.deterministic, /*search=*/true};
  }

  /// @throws Error where the last step has made the network useless
  void CheckWeights() const {
    for (const auto& [name, tensor] : ModuleState(*job_.model)) {
      if (!tensor.is_floating_point() || at::isfinite(tensor).all().item<bool>()) continue;
      throw Error(job_.title, ": ", name, " is not finite after iteration ", state_.iteration,
                  "; lower the learning rate");
    }
  }

  Loader MakeLoader() const {
    return Loader(job_.train, job_.transforms, LoadingOf(job_),
                  state_.iteration * options_.accumulate,
                  options_.iterations * options_.accumulate);
  }

  /// @return its rate
  double Step(Loader& loader) {
    const double rate = RateOf(state_.iteration);
    // Processes that share a batch drop out other features.
    const uint64_t share = job_.group == nullptr ? 0 : static_cast<uint64_t>(job_.group->rank());
    torch::manual_seed(MixSeed(job_.seed, kDropoutSalt, state_.iteration) + share);
    std::vector<Batch> passes;
    for (int pass = 0; pass < options_.accumulate; ++pass) passes.push_back(*loader.Next());
    if (!checked_) CheckTrunk(*job_.model, passes.front());
    checked_ = true;
    log_->Add(ComputeGradients(*job_.model, passes, *loss_, options_, job_.group,
                               sums_ ? &*sums_ : nullptr));
    optimizer_->Step(rate);
    ++state_.iteration;
    if (average_) average_->Update(state_.iteration);
    return rate;
  }

  /// What one process of a group is told all do: a signal to any of them, and a checkpoint that the
  /// first finds due. GPUs, which would be waited for, are asked every few steps.
  std::pair<int, bool> Agreed(int signal, bool due) const {
    constexpr int64_t kStepsOfGpus = 8;
    if (job_.group == nullptr) return {signal, due};
    if (!device_.is_cpu() && state_.iteration % kStepsOfGpus != 0 && options_.checkpoint_every == 0)
      return {0, false};
    const at::Tensor told = at::zeros({2}, at::TensorOptions().dtype(at::kDouble));
    told[0] = signal;
    told[1] = job_.group->IsFirst() && due ? 1 : 0;
    const at::Tensor sent = told.to(job_.group->device());
    job_.group->Sum(sent);
    const at::Tensor all = sent.cpu();
    const bool stop = all[0].item<double>() > 0;
    // One that was told since asks again.
    const int own = signal != 0 ? signal : StopRequested();
    return {stop ? (own != 0 ? own : SIGTERM) : 0, all[1].item<double>() > 0};
  }

  bool CheckpointDue(double seconds_since) const {
    return options_.checkpoint_every > 0 ? state_.iteration % options_.checkpoint_every == 0
                                         : seconds_since > options_.checkpoint_seconds;
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
    const AveragedWeights averaged(average_ ? &*average_ : nullptr);
    ShareStatistics();
    const Validation validation = Validate(job_.model, job_.val, options_, job_.group);
    UseGpu(device_, Ways());
    EarlyStoppingState& stopping = state_.early_stopping;
    if (IsFirst(job_.group)) {
      stopping.Add(validation.score, options_.early_stopping);
      Take(validation);
    }
    if (job_.group == nullptr || !options_.early_stopping.On()) return;
    // All end together; the score itself is the first one's.
    const double waited = IsFirst(job_.group) ? static_cast<double>(stopping.waited) : 0;
    stopping.waited = std::llround(job_.group->Sum(waited));
  }

  /// Logs scores and keeps the best network. @throws Error where the run is given up
  void Take(const Validation& validation) {
    const Scores& scores = validation.scores;
    metrics_->Write({{"iteration", state_.iteration},
                     {"pixel_acc", scores.pixel_acc},
                     {"mean_acc", scores.mean_acc},
                     {"mean_iou", scores.mean_iou},
                     {"fw_iou", scores.fw_iou}});
    Log::Info(job_.title, ": iteration ", state_.iteration, ", val mean IU ",
              FormatPercent(100 * scores.mean_iou), ", pixel acc. ",
              FormatPercent(100 * scores.pixel_acc));
    if (state_.iteration >= options_.give_up_after && validation.score < options_.give_up_below &&
        state_.iteration < options_.iterations) {
      throw Error(job_.title, ": given up: ", FormatPercent(100 * validation.score),
                  " % at iteration ", state_.iteration, " is below train.give_up's ",
                  FormatPercent(100 * options_.give_up_below));
    }
    if (!(validation.score > state_.best_score)) return;
    state_.best_score = validation.score;
    state_.best_iteration = state_.iteration;
    TrainState best = state_;
    best.finished = true;  // weights alone
    best.evaluation_due = false;
    best.loss_sum =
        0;  // of the time since the last log line, which depends on where it was stopped
    best.loss_count = 0;
    SaveCheckpoint(best_path_, *job_.model, *optimizer_, nullptr, best, metadata_);
  }

  void Save() {
    // Not finite: the last good one is kept, and the next log line says why.
    if (log_->Save(state_) && IsFirst(job_.group))
      SaveCheckpoint(last_path_, *job_.model, *optimizer_, average_ ? &*average_ : nullptr, state_,
                     metadata_);
  }

  const TrainJob& job_;
  const TrainOptions& options_;
  c10::Device device_;
  std::shared_ptr<const Loss> loss_;
  std::unique_ptr<Optimizer> optimizer_;
  std::optional<WeightAverage> average_;  ///< of options.ema
  std::optional<GradientSums> sums_;
  std::string last_path_, best_path_;
  std::map<std::string, std::string> metadata_;
  TrainState state_;
  std::optional<MetricsLog> metrics_;
  std::optional<LossLog> log_;
  bool checked_ = false;
};

}  // namespace

TrainSummary Descend(const TrainJob& job) { return Descent(job).Run(); }

}  // namespace seglab
