#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <string>

#include "tensor/enlarged.h"

namespace seglab {

/// Upsampling by a bilinear transposed convolution: kernel `kernel`, stride `stride`, the same
/// filter for every channel and no weights between channels, then a window of the result. FCN
/// reference code: factor f = (k + 1) / 2; profile (1 - |i - c| / f), c = f - 1 for an odd kernel
/// and f - 0.5 for an even one; the two-dimensional filter is the product of two profiles.
struct BilinearGeometry {
  int64_t stride = 2;  ///< output cells between neighbours of the input, at least 1
  int64_t kernel = 4;  ///< side of the filter in output cells, from 1 to twice the stride
  /// First row and column of the window. Below 0 it begins before the border: only where that
  /// continues.
  int64_t offset = 0;
  /// Beyond the border the input is 0 (a plain transposed convolution, which fades there), or
  /// continues with its last value (as interpolation does).
  bool replicate_border = false;

  /// @param where  what the geometry is called in a message
  /// @throws Error naming the member that is out of range
  void Check(const std::string& where = "BilinearGeometry") const;
};

/// FCN's filter for every channel, (k, k) float64.
at::Tensor BilinearKernel(int64_t kernel);

/// The separable operator: each cell of the result is made of two neighbours in rows and columns.
/// @param x  (N, C, h, w)
/// @throws Error when the geometry is wrong or the window does not fit into the result
Interpolation BilinearInterpolation(const at::Tensor& x, int64_t out_h, int64_t out_w,
                                    const BilinearGeometry& geometry);

/// Fixed upsampling by it, instead of a dense C x C x k x k kernel. Differentiable with respect to
/// x and deterministic on any device.
/// @param x  (N, C, h, w)
/// @return (N, C, out_h, out_w)
at::Tensor BilinearUpsample(const at::Tensor& x, int64_t out_h, int64_t out_w,
                            const BilinearGeometry& geometry);

/// The same operator with one learned kernel per channel, initialised bilinear: parameter `weight`
/// (C, 1, k, k). When `learned` is false there is no parameter and BilinearUpsample is used.
class BilinearLayerImpl : public torch::nn::Module {
 public:
  /// @throws Error when the geometry is wrong
  BilinearLayerImpl(int64_t channels, const BilinearGeometry& geometry, bool learned);
  /// @throws Error when the window does not fit into the result
  at::Tensor forward(const at::Tensor& x, int64_t out_h, int64_t out_w);
  /// The same, its values when they are asked for where the filter is fixed.
  Enlarged Later(const at::Tensor& x, int64_t out_h, int64_t out_w);

 private:
  BilinearGeometry geometry_;
  at::Tensor weight_;
};
TORCH_MODULE(BilinearLayer);

}  // namespace seglab
