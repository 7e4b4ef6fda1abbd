#pragma once

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include <memory>
#include <utility>
#include <vector>

#include "nn/activation.h"
#include "nn/batch_norm.h"

namespace seglab {

class OneDnnConv;

/// Sets a flag for as long as it lives.
class FlagScope {
 public:
  /// @param on  false: nothing changes
  FlagScope(bool& flag, bool on) : flag_(flag), before_(flag) { flag_ = on || before_; }
  ~FlagScope() { flag_ = before_; }
  FlagScope(const FlagScope&) = delete;
  FlagScope& operator=(const FlagScope&) = delete;

 private:
  bool& flag_;
  bool before_;
};

/// As long as one of these lives, this thread's FastConv2d take Winograd's filtering where it fits:
/// faster, and not the same bits (see WinogradConv).
class WinogradScope : FlagScope {
 public:
  explicit WinogradScope(bool on);
  static bool IsOn();
};

/// As long as one of these lives, networks on the CPU compute what stands behind a convolution
/// within it: batch norm is folded into its window, which stays in the layout of the processor's
/// kernels. Outputs differ by rounding, and a ReLU behind a convolution makes 0 of NaN. For
/// evaluation, without gradient.
class FusedScope : FlagScope {
 public:
  explicit FusedScope(bool on);
  /// Not while a LayerTap asks for the layers one by one.
  static bool IsOn();
};

/// A convolution that can be done otherwise than LibTorch does it, on the CPU:
///   - in a FusedScope with what stands behind it, in float32 or bfloat16, where the build has
///     oneDNN's own functions;
///   - in a WinogradScope by Winograd's filtering, in training too: in float32, 3x3 of stride 1,
///     its channels multiples of 16.
/// It keeps its window as these want it (Winograd's: four times its size) until the weights change
/// or training goes on; hence no two threads may run one network at a time.
class FastConv2dImpl : public torch::nn::Conv2dImpl {
 public:
  explicit FastConv2dImpl(const torch::nn::Conv2dOptions& options);
  ~FastConv2dImpl() override;
  at::Tensor forward(const at::Tensor& x);
  void train(bool on = true) override;

  /// In a FusedScope: activation(norm(forward(x)) + added).
  /// @param norm      null, or in evaluation mode
  /// @param added     undefined, or of the output's shape: lost, its memory may become the output's
  /// @param unpadded  only the outputs that see none of the padding, whose kind must be zeros
  at::Tensor Fused(const at::Tensor& x, BatchNorm2dImpl* norm, Activation activation,
                   const at::Tensor& added, bool unpadded = false);

 private:
  struct Ready;
  /// What the window and norm of now are as Winograd's filtering or oneDNN wants them.
  Ready& Get(BatchNorm2dImpl* norm, at::ScalarType type, bool winograd);
  bool WinogradDoes(const at::Tensor& x, int64_t padding) const;

  int64_t padding_ = -1;  // -1: not the same on all sides, or of another kind than zeros
  std::unique_ptr<Ready> ready_;
};
TORCH_MODULE(FastConv2d);

/// activation(norm(conv(x)) + added), in one where a FusedScope allows it.
/// @param norm   null, or the module behind the convolution
/// @param added  undefined, or of the output's shape: lost, its memory may become the output's
at::Tensor ForwardConv(FastConv2d& conv, BatchNorm2d norm, const at::Tensor& x,
                       Activation activation, const at::Tensor& added = {});

}  // namespace seglab
