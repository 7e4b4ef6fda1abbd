#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace seglab {

/// The gradient, laid out in memory as the weights: copied where it is not.
inline at::Tensor LaidOutAs(const at::Tensor& weights, const at::Tensor& gradient) {
  if (gradient.strides() == weights.strides()) return gradient;
  return at::empty_like(weights).copy_(gradient);
}

/// Calls function(at, i) for each number i of tensors that lie in memory alike; at[k][i] is that of
/// the k-th one. Each is read and written once, where LibTorch's operators would go over them a
/// dozen times. Undefined tensors are nullptr.
///
///   InOnePass<2>({gradient, weights}, [=]<typename T>(const std::array<T*, 2>& at, int64_t i) {
///     at[1][i] -= static_cast<T>(lr) * at[0][i];
///   });
///
/// @return false, and nothing was done, unless all are float32 or all float64, on the CPU
template <size_t kCount, typename Function>
bool InOnePass(const std::array<at::Tensor, kCount>& tensors, const Function& function) {
  const at::Tensor& first = tensors[0];
  const bool narrow = first.scalar_type() == at::kFloat;
  const bool fit = std::all_of(tensors.begin(), tensors.end(), [&](const at::Tensor& tensor) {
    return !tensor.defined() ||
           (tensor.device().is_cpu() && tensor.layout() == at::kStrided &&
            tensor.scalar_type() == (narrow ? at::kFloat : at::kDouble) &&
            tensor.is_non_overlapping_and_dense() && tensor.strides() == first.strides());
  });
  if (!fit) return false;
  const auto pass = [&]<typename Number>(Number) {
    std::array<Number*, kCount> begins{};
    for (size_t k = 0; k < kCount; ++k)
      begins[k] = tensors[k].defined() ? tensors[k].template data_ptr<Number>() : nullptr;
    constexpr int64_t kAtLeast = 1 << 15;  // numbers of a thread
    at::parallel_for(0, first.numel(), kAtLeast, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) function(begins, i);
    });
  };
  narrow ? pass(float{}) : pass(double{});
  // As LibTorch's operators would: whoever keeps something made of the weights sees it.
  for (const at::Tensor& tensor : tensors) {
    if (tensor.defined()) tensor.unsafeGetTensorImpl()->bump_version();
  }
  return true;
}

}  // namespace seglab
