#pragma once

#include <torch/nn/modules/conv.h>

namespace seglab {

/// As long as one of these lives, this thread's FastConv2d take Winograd's filtering where it fits:
/// faster, and not the same bits (see WinogradConv).
class WinogradScope {
 public:
  /// @param on  false: nothing changes
  explicit WinogradScope(bool on);
  ~WinogradScope();
  WinogradScope(const WinogradScope&) = delete;
  WinogradScope& operator=(const WinogradScope&) = delete;
  static bool IsOn();

 private:
  bool before_;
};

/// A convolution that can be done by Winograd's filtering: in a WinogradScope, without gradient, in
/// float32 on the CPU, 3x3 of stride 1, its channels multiples of 16. It keeps the transformed
/// window then, four times the size of its own, until its weights change. Else it is LibTorch's.
class FastConv2dImpl : public torch::nn::Conv2dImpl {
 public:
  explicit FastConv2dImpl(const torch::nn::Conv2dOptions& options);
  at::Tensor forward(const at::Tensor& x);

 private:
  const at::Tensor& Points();

  int64_t padding_ = -1;  // -1: not the same on all sides, or of another kind than zeros
  at::Tensor points_;     // WinogradWeights
  const void* points_of_ = nullptr;
  int64_t version_ = -1;
};
TORCH_MODULE(FastConv2d);

}  // namespace seglab
