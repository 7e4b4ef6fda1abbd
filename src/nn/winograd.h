#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "nn/activation.h"

// 3x3 convolutions of stride 1 by Winograd's minimal filtering F(4 x 4, 3 x 3): a quarter of the
// products of the plain one, and a rounding error that is larger, below 1e-4 for outputs of
// deviation 1 (Lavin and Gray 2016, arXiv:1509.09308; winograd_test.cpp). A dilated one is done on
// each of its sub-lattices.
namespace seglab {

/// Whether these can do a convolution: 3x3, stride 1, square, in one group, on the CPU in float32,
/// its channels multiples of 16.
bool WinogradFits(const at::Tensor& input, const at::Tensor& weight, int64_t stride,
                  int64_t groups);

/// The window of a 3x3 convolution as Winograd's filtering takes it: 36 matrices.
/// @param weight  (out, in, 3, 3) float32
/// @return (36, in, out)
at::Tensor WinogradWeights(const at::Tensor& weight);

/// The convolution.
/// @param input    (N, in, H, W) float32, best in channels-last memory
/// @param weights  WinogradWeights
/// @param bias     (out), or undefined
/// @return (N, out, H + 2 padding - 2 dilation, ...) in channels-last memory; no gradient
at::Tensor WinogradConv(const at::Tensor& input, const at::Tensor& weights, const at::Tensor& bias,
                        int64_t padding, int64_t dilation,
                        Activation activation = Activation::kNone);

/// The gradient with respect to the window, in as few products.
/// @param input     of WinogradConv
/// @param gradient  with respect to its output
/// @return (out, in, 3, 3)
at::Tensor WinogradWeightGradient(const at::Tensor& input, const at::Tensor& gradient,
                                  int64_t padding, int64_t dilation);

}  // namespace seglab
