#include "nn/batch_norm.h"

#include <torch/torch.h>

#include <utility>

#include "base/error.h"

namespace seglab {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

thread_local const Group* synced = nullptr;

at::Tensor OfChannels(const at::Tensor& values) { return values.reshape({1, -1, 1, 1}); }

/// Mean, variance and number of values of each channel over all processes, put together from theirs
/// without cancellation (T. Chan, G. Golub, R. LeVeque 1979).
struct Statistics {
  at::Tensor mean, variance;
  at::Tensor count;  ///< one double
};

Statistics Together(const at::Tensor& x, const Group& group) {
  const int64_t channels = x.size(1);
  const auto own_count = static_cast<double>(x.numel() / channels);
  const auto [variance, mean] = at::var_mean(x, at::IntArrayRef{0, 2, 3}, /*unbiased=*/false);
  // Each fills its own row.
  at::Tensor rows = at::zeros({group.size(), 2 * channels + 1}, x.options().dtype(at::kDouble));
  rows[group.rank()][0] = own_count;
  rows[group.rank()].slice(0, 1, channels + 1).copy_(mean);
  rows[group.rank()].slice(0, channels + 1).copy_(variance);
  group.SumStatistics(rows);
  const at::Tensor counts = rows.slice(1, 0, 1), means = rows.slice(1, 1, channels + 1),
                   variances = rows.slice(1, channels + 1);
  Statistics all;
  all.count = counts.sum();
  const at::Tensor center = (counts * means).sum(0) / all.count;
  const at::Tensor spread = (counts * (variances + (means - center).square())).sum(0) / all.count;
  all.mean = center.to(x.scalar_type());
  all.variance = spread.to(x.scalar_type());
  return all;
}

class SyncedNorm : public torch::autograd::Function<SyncedNorm> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& bias, const Statistics& statistics, double eps,
                            const Group* group) {
    const at::Tensor scale = (statistics.variance + eps).rsqrt();
    const at::Tensor normed = (x - OfChannels(statistics.mean)) * OfChannels(scale);
    context->save_for_backward({normed, weight, scale, statistics.count.to(x.scalar_type())});
    context->saved_data["group"] = reinterpret_cast<int64_t>(group);
    return normed * OfChannels(weight) + OfChannels(bias);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &normed = saved[0], &weight = saved[1], &scale = saved[2], &count = saved[3];
    const at::Tensor& gradient = gradients[0];
    const auto* group = reinterpret_cast<const Group*>(context->saved_data["group"].toInt());
    const at::Tensor of_bias = gradient.sum(at::IntArrayRef{0, 2, 3}),
                     of_weight = (gradient * normed).sum(at::IntArrayRef{0, 2, 3});
    const at::Tensor sums = at::stack({of_bias, of_weight});
    group->SumStatistics(sums);
    const at::Tensor of_x = OfChannels(weight * scale) * (gradient - OfChannels(sums[0] / count) -
                                                          normed * OfChannels(sums[1] / count));
    return {of_x, of_weight, of_bias, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

SyncBatchNormScope::SyncBatchNormScope(const Group* group) : outer_(std::exchange(synced, group)) {}

bool SyncBatchNormScope::IsOn() { return synced != nullptr; }

SyncBatchNormScope::~SyncBatchNormScope() { synced = outer_; }

void BatchNorm2dImpl::_check_input_dim(const at::Tensor& x) {
  if (x.dim() != 4) throw Error("batch norm: expects (N, C, H, W), found ", x.dim(), " dimensions");
}

double BatchNorm2dImpl::CountBatch() {
  num_batches_tracked += 1;
  return options.momentum().has_value() ? *options.momentum()
                                        : 1.0 / num_batches_tracked.item<double>();
}

at::Tensor BatchNorm2dImpl::forward(const at::Tensor& x) {
  _check_input_dim(x);
  const bool own_statistics = is_training() || !options.track_running_stats();
  if (synced != nullptr && own_statistics) return OfAllProcesses(x);
  const double part = is_training() && options.track_running_stats() ? CountBatch() : 0;
  // It refuses a single value for each channel.
  return torch::nn::functional::batch_norm(x, running_mean, running_var,
                                           torch::nn::functional::BatchNormFuncOptions()
                                               .weight(weight)
                                               .bias(bias)
                                               .training(own_statistics)
                                               .momentum(part)
                                               .eps(options.eps()));
}

at::Tensor BatchNorm2dImpl::OfAllProcesses(const at::Tensor& x) {
  const at::Tensor wide = x.to(weight.scalar_type());
  Statistics statistics;
  {
    const torch::NoGradGuard no_grad;
    statistics = Together(wide.detach(), *synced);
    if (is_training() && options.track_running_stats()) {
      const double part = CountBatch();
      const at::Tensor unbiased =
          (statistics.count / (statistics.count - 1).clamp_min(1)).to(wide.scalar_type());
      running_mean.mul_(1 - part).add_(statistics.mean, part);
      running_var.mul_(1 - part).add_(statistics.variance * unbiased, part);
    }
  }
  return SyncedNorm::apply(wide, weight, bias, statistics, options.eps(), synced)
      .to(x.scalar_type());
}

}  // namespace seglab
