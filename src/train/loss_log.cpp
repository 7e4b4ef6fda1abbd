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
                 const TrainOptions& options, const c10::Device& device, const Group* group)
    : title_(std::move(title)),
      classes_(classes),
      options_(options),
      group_(group),
      sum_(at::full({}, IsFirst(group) ? state.loss_sum : 0,
                    at::TensorOptions().dtype(at::kDouble).device(device))),
      counted_(at::full_like(sum_, static_cast<double>(state.loss_count))),
      start_(state.seconds),
      first_(state.iteration) {}

void LossLog::Add(const StepLoss& step) {
  sum_ += step.sum;
  counted_ += step.counted;
}

void LossLog::SumUp() {
  if (group_ == nullptr) return;
  group_->Sum(sum_);
}

void LossLog::Line(const TrainState& state, double rate, double wait_seconds, MetricsLog* metrics,
                   Progress& progress) {
  SumUp();
  const double seconds = std::max(state.seconds - start_, 1e-9);
  const double images =
      static_cast<double>((state.iteration - first_) * options_.batch * options_.accumulate);
  const double speed = images / seconds, wait = (wait_seconds - waited_) / seconds;
  const double loss = sum_.item<double>() / std::max(counted_.item<double>(), 1.0);
  sum_.zero_();
  counted_.zero_();
  start_ = state.seconds;
  waited_ = wait_seconds;
  first_ = state.iteration;
  if (!std::isfinite(loss)) {
    throw Error(title_, ": the loss is no longer finite at iteration ", state.iteration,
                "; lower train.lr (now ", rate,
                ") or set train.clip_norm; the last checkpoint is kept");
  }
  if (metrics == nullptr) return;
  metrics->Write({{"iteration", state.iteration},
                  {"loss", loss},
                  {"lr", rate},
                  {"images_per_second", speed},
                  {"wait", wait},
                  {"seconds", state.seconds}});
  progress.Update(state.iteration, StrCat("loss ", Fixed(loss, 4), "  lr ", Significant(rate, 3),
                                          "  ", Fixed(speed, 1), " images/s", WaitText(wait)));
  if (warned_ || classes_ == 0 || state.iteration < 5 * options_.log_every ||
      !LossIsStuck(loss, classes_))
    return;
  warned_ = true;
  Log::Warn(title_, ": after ", state.iteration, " iterations the loss is still ln(", classes_,
            ") = ", Fixed(std::log(classes_), 3),
            ", as of a network that knows nothing; is the rate too low (", rate,
            " with this loss) or the backbone not started?");
}

bool LossLog::Save(TrainState& state) {
  SumUp();
  state.loss_sum = sum_.item<double>();
  state.loss_count = std::llround(counted_.item<double>());
  if (!IsFirst(group_)) sum_.zero_();  // it is in the first one's from now on
  return std::isfinite(state.loss_sum);
}

}  // namespace seglab
