#pragma once

#include <torch/nn/modules/conv.h>

#include <cstdint>

namespace seglab {

/// at::conv_transpose2d without groups and dilation. On the CPU LibTorch 1.13 does it image by
/// image through a matrix of columns; here it is a convolution where one does the same:
///   stride 1                        with the window turned by half a turn;
///   stride s, kernel s + 2 padding  to s^2 times the channels at the input's size, one for each
///                                   place in a cell of the output, then put there (W. Shi et al.
///                                   2016, arXiv:1609.07009).
/// @param x       (N, in, h, w)
/// @param weight  (in, out, k, k)
/// @param bias    (out), or undefined
/// @return (N, out, (h - 1) stride - 2 padding + k, ...)
at::Tensor TransposedConv(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                          int64_t stride, int64_t padding);

/// A layer of it, with the names of torch::nn::ConvTranspose2d; of its options only stride, padding
/// and bias, the same for rows and columns.
class TransposedConv2dImpl : public torch::nn::ConvTranspose2dImpl {
 public:
  using ConvTranspose2dImpl::ConvTranspose2dImpl;
  at::Tensor forward(const at::Tensor& x);
  /// Draws the weights with variance 2 / N, N the inputs of an output cell (He et al. 2015, eq.
  /// 10); biases are 0.
  void InitHe();
};
TORCH_MODULE(TransposedConv2d);

}  // namespace seglab
