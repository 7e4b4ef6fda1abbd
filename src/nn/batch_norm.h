#pragma once

#include <torch/nn/modules/batchnorm.h>

#include "parallel/group.h"

namespace seglab {

/// For as long as it lives, batch norms in training of this thread take their statistics from the
/// samples of all processes of a group.
class SyncBatchNormScope {
 public:
  /// @param group  null: each process takes its own
  explicit SyncBatchNormScope(const Group* group);
  ~SyncBatchNormScope();
  SyncBatchNormScope(const SyncBatchNormScope&) = delete;
  SyncBatchNormScope& operator=(const SyncBatchNormScope&) = delete;

  /// Whether there is one, of a group, now in this thread.
  static bool IsOn();

 private:
  const Group* outer_;
};

/// Batch norm of (N, C, H, W) with the names and numbers of torch::nn::BatchNorm2d, which in a
/// SyncBatchNormScope normalises as one process with the whole batch would: means and deviations
/// are those of all processes together (S. Ioffe, C. Szegedy 2015, algorithm 1), and so are their
/// gradients.
class BatchNorm2dImpl
    : public torch::nn::NormImplBase<2, BatchNorm2dImpl, torch::nn::BatchNormOptions> {
 public:
  using NormImplBase::NormImplBase;
  /// @param x  (N, C, H, W). @return of its shape and type
  at::Tensor forward(const at::Tensor& x);

 private:
  void _check_input_dim(const at::Tensor& x) override;
  /// The part of the new values in running mean and variance.
  double CountBatch();
  at::Tensor OfAllProcesses(const at::Tensor& x);
};
TORCH_MODULE(BatchNorm2d);

}  // namespace seglab
