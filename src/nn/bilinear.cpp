#include "nn/bilinear.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "nn/option_checks.h"
#include "tensor/state.h"

namespace seglab {
namespace {

/// Weight of tap i of a bilinear filter.
double Profile(int64_t i, int64_t kernel) {
  const double factor = static_cast<double>((kernel + 1) / 2);
  const double center = kernel % 2 == 1 ? factor - 1 : factor - 0.5;
  return 1 - std::abs(i - center) / factor;
}

void CheckWindow(int64_t in_size, int64_t out_size, const BilinearGeometry& g) {
  const int64_t last = (in_size - 1) * g.stride + g.kernel;
  if (in_size < 1 || (!g.replicate_border && g.offset + out_size > last)) {
    throw Error("bilinear upsampling: a window of ", out_size, " from ", g.offset,
                " does not fit into ", last, " (input ", in_size, ", stride ", g.stride,
                ", kernel ", g.kernel, ")");
  }
}

/// Output o of the whole result is reached by the inputs i with i * stride <= o < i * stride +
/// kernel: two at most.
LinearTaps BilinearTaps(int64_t in_size, int64_t out_size, const BilinearGeometry& g) {
  CheckWindow(in_size, out_size, g);
  LinearTaps taps{in_size, {}, {}, {}};
  for (int64_t o = 0; o < out_size; ++o) {
    const int64_t at = o + g.offset;
    const int64_t first = at < g.kernel ? 0 : (at - g.kernel) / g.stride + 1;
    const auto weight = [&](int64_t i) {
      return i < in_size && i * g.stride <= at ? Profile(at - i * g.stride, g.kernel) : 0.0;
    };
    double low = weight(first), high = weight(first + 1);
    if (g.replicate_border) {
      const double sum = low + high;
      low = sum == 0 ? 1 : low / sum;  // 0: the window lies beyond the last tap
      high = sum == 0 ? 0 : high / sum;
    }
    taps.Add(std::min(first, in_size - 1), low, high);
  }
  return taps;
}

}  // namespace

at::Tensor BilinearKernel(int64_t kernel) {
  at::Tensor profile = at::empty({kernel}, at::kDouble);
  for (int64_t i = 0; i < kernel; ++i) profile[i] = Profile(i, kernel);
  return at::outer(profile, profile);
}

void BilinearGeometry::Check(const std::string& where) const {
  CheckAtLeast(where, "stride", stride, 1);
  CheckRange(where, "kernel", kernel, int64_t{1}, 2 * stride);
  if (!replicate_border) CheckAtLeast(where, "offset", offset, 0);
}

Interpolation BilinearInterpolation(const at::Tensor& x, int64_t out_h, int64_t out_w,
                                    const BilinearGeometry& geometry) {
  geometry.Check();
  CheckShape(x, {-1, -1, -1, -1}, "bilinear upsampling");
  return {BilinearTaps(x.size(2), out_h, geometry), BilinearTaps(x.size(3), out_w, geometry)};
}

at::Tensor BilinearUpsample(const at::Tensor& x, int64_t out_h, int64_t out_w,
                            const BilinearGeometry& geometry) {
  return Interpolate(x, BilinearInterpolation(x, out_h, out_w, geometry));
}

BilinearLayerImpl::BilinearLayerImpl(int64_t channels, const BilinearGeometry& geometry,
                                     bool learned)
    : geometry_(geometry) {
  geometry.Check();
  if (!learned) return;
  const at::Tensor kernel = BilinearKernel(geometry.kernel).to(at::kFloat);
  weight_ = register_parameter(
      "weight", kernel.expand({channels, 1, geometry.kernel, geometry.kernel}).clone());
}

Enlarged BilinearLayerImpl::Later(const at::Tensor& x, int64_t out_h, int64_t out_w) {
  if (weight_.defined()) return forward(x, out_h, out_w);
  return {x, BilinearInterpolation(x, out_h, out_w, geometry_)};
}

at::Tensor BilinearLayerImpl::forward(const at::Tensor& x, int64_t out_h, int64_t out_w) {
  if (!weight_.defined()) return BilinearUpsample(x, out_h, out_w, geometry_);
  namespace F = torch::nn::functional;
  const BilinearGeometry& g = geometry_;
  at::Tensor in = x;
  int64_t offset = g.offset;
  if (g.replicate_border) {
    in = F::pad(x, F::PadFuncOptions({1, 1, 1, 1}).mode(torch::kReplicate));
    offset += g.stride;
  }
  CheckWindow(in.size(2), out_h, {g.stride, g.kernel, offset, false});
  CheckWindow(in.size(3), out_w, {g.stride, g.kernel, offset, false});
  const at::Tensor whole =
      at::conv_transpose2d(in, weight_, {}, g.stride, 0, 0, /*groups=*/weight_.size(0));
  return whole.slice(2, offset, offset + out_h).slice(3, offset, offset + out_w);
}

}  // namespace seglab
