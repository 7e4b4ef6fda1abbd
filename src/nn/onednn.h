#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <memory>

#include "nn/activation.h"

// oneDNN's own functions, for what LibTorch has no call of: a window that stays in the layout of
// the processor's kernels, what follows a convolution done while its output is in the registers,
// and batches of matrix products within one thread. Built in where LibTorch itself is linked to the
// system's oneDNN (SEGLAB_ONEDNN).
namespace seglab {

/// Rows, columns.
struct ConvGeometry {
  std::array<int64_t, 2> stride, dilation;
  int64_t groups;
};

/// A convolution that has been made ready for many images.
class OneDnnConv {
 public:
  /// Whether this build and this processor have it.
  static bool Has(at::ScalarType type);

  /// @param weight  (out, in / groups, kernel, kernel) float32
  /// @param bias    (out) float32, or undefined
  /// @param type    float32, or bfloat16 where Has says so: of the input and the output; sums are
  ///   in float32
  OneDnnConv(const at::Tensor& weight, const at::Tensor& bias, const ConvGeometry& geometry,
             at::ScalarType type);
  ~OneDnnConv();
  OneDnnConv(const OneDnnConv&) = delete;
  OneDnnConv& operator=(const OneDnnConv&) = delete;

  /// @param x        (N, in, H, W), of any type and memory format
  /// @param padding  zeros on all sides
  /// @param added    undefined, or what is added before the activation, of the output's shape. Its
  ///   memory is taken for the output where it fits.
  /// @return activation(convolution + added) in channels-last memory; no gradient
  /// @throws c10::Error where oneDNN has no such convolution
  at::Tensor Run(const at::Tensor& x, int64_t padding, Activation activation,
                 const at::Tensor& added);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A batch of matrices in float32: where they begin, and the steps from one to the next, from row
/// to row and from column to column, of which one is 1.
struct MatrixBatch {
  const float* data;
  int64_t step, row, column;
};

/// out[i] = a[i] b[i], or out[i] += a[i] b[i]. In the threads of the place that it is called from:
/// in one thread inside of a parallel region. Without oneDNN by LibTorch, one by one.
/// @param a    `count` times (m, k)
/// @param b    `count` times (k, n)
/// @param out  `count` times (m, n), `out_step` floats apart, contiguous in itself
void MultiplyBatch(int64_t count, int64_t m, int64_t n, int64_t k, const MatrixBatch& a,
                   const MatrixBatch& b, float* out, int64_t out_step, bool accumulate);

}  // namespace seglab
