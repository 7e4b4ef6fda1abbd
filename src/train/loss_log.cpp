#include "train/loss_log.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "train/checks.h"

namespace seglab {
namespace {

/// "  waiting for data 12 %" where it is worth a word.
std::string WaitText(double wait) {
  constexpr double kWorthAWord = 0.05;
  return wait < kWorthAWord ? "" : StrCat("  waiting for data ", Fixed(100 * wait, 0), " %");
}

}  // namespace

LossLog::LossLog(std::string title, int classes, const TrainState& state,
                 const TrainOptions& options, const c10::Device& device)
    : title_(std::move(title)),
      classes_(classes),
      options_(options),
      sum_(at::full({}, state.loss_sum, at::TensorOptions().dtype(at::kDouble).device(device))),
      counted_(state.loss_count),
      start_(state.seconds),
      first_(state.iteration) {}

void LossLog::Add(const StepLoss& step) {
  sum_ += step.sum;
  counted_ += step.counted;
}

void LossLog::Line(const TrainState& state, double rate, double wait_seconds, MetricsLog& metrics,
                   Progress& progress) {
  const double seconds = std::max(state.seconds - start_, 1e-9);
  const double images =
      static_cast<double>((state.iteration - first_) * options_.batch * options_.accumulate);
  const double speed = images / seconds, wait = (wait_seconds - waited_) / seconds;
  const double loss = sum_.item<double>() / static_cast<double>(std::max<int64_t>(counted_, 1));
  sum_.zero_();
  counted_ = 0;
  start_ = state.seconds;
  waited_ = wait_seconds;
  first_ = state.iteration;
  if (!std::isfinite(loss)) {
    throw Error(title_, ": the loss is no longer finite at iteration ", state.iteration,
                "; lower train.lr (now ", rate,
                ") or set train.clip_norm; the last checkpoint is kept");
  }
  metrics.Write({{"iteration", state.iteration},
                 {"loss", loss},
                 {"lr", rate},
                 {"images_per_second", speed},
                 {"wait", wait},
                 {"seconds", state.seconds}});
  progress.Update(state.iteration, StrCat("loss ", Fixed(loss, 4), "  lr ", Significant(rate, 3),
                                          "  ", Fixed(speed, 1), " images/s", WaitText(wait)));
  if (warned_ || state.iteration < 5 * options_.log_every || !LossIsStuck(loss, classes_)) return;
  warned_ = true;
  Log::Warn(title_, ": after ", state.iteration, " iterations the loss is still ln(", classes_,
            ") = ", Fixed(std::log(classes_), 3),
            ", as of a network that knows nothing; is the rate too low (", rate,
            " with this loss) or the backbone not started?");
}

bool LossLog::Save(TrainState& state) const {
  state.loss_sum = sum_.item<double>();
  state.loss_count = counted_;
  return std::isfinite(state.loss_sum);
}

}  // namespace seglab
