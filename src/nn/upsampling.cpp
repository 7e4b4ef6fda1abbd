#include "nn/upsampling.h"

#include <torch/torch.h>

#include <algorithm>

#include "base/error.h"
#include "base/names.h"
#include "nn/bilinear.h"
#include "nn/max_unpool.h"
#include "nn/option_checks.h"
#include "nn/transposed_conv.h"
#include "tensor/interpolation.h"
#include "tensor/state.h"

namespace seglab {
namespace {

/// The upper left part.
at::Tensor Cut(const at::Tensor& map, const BeforePool& to) {
  if (map.size(2) == to.height && map.size(3) == to.width) return map;
  return map.slice(2, 0, to.height).slice(3, 0, to.width).contiguous(map.suggest_memory_format());
}

}  // namespace

const std::vector<std::string>& UpsamplingNames() {
  static const std::vector<std::string> names = {"nearest", "bilinear", "bed_of_nails",
                                                 "max_unpooling", "transposed"};
  return names;
}

UpsamplingKind ParseUpsampling(const std::string& name, const std::string& path) {
  const std::vector<std::string>& names = UpsamplingNames();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw Error(path, ": ", UnknownName("value", name, names));
  return static_cast<UpsamplingKind>(found - names.begin());
}

void ReadUpsampling(JsonReader& reader, UpsamplingKind& kind) {
  std::string name = UpsamplingName(kind);
  reader.GetChoice("upsampling", name, UpsamplingNames());
  kind = ParseUpsampling(name, reader.Path("upsampling"));
}

const std::string& UpsamplingName(UpsamplingKind kind) {
  return UpsamplingNames()[static_cast<size_t>(kind)];
}

void UpsamplingOptions::Check(const std::string& where) const {
  CheckAtLeast(where, "channels", channels, 1);
  CheckRange(where, "kernel", kernel, 2, 16);
  if (kernel % 2 != 0) throw Error(where, ".kernel: must be even, found ", kernel);
}

UpsamplingImpl::UpsamplingImpl(const UpsamplingOptions& options) : options_(options) {
  options.Check();
  if (options.kind != UpsamplingKind::kTransposed) return;
  const int64_t channels = options.channels, kernel = options.kernel;
  at::Tensor weight = at::zeros({channels, channels, kernel, kernel});
  // With stride 2 a constant stays itself.
  const at::Tensor filter = BilinearKernel(kernel) * (16.0 / static_cast<double>(kernel * kernel));
  for (int64_t c = 0; c < channels; ++c) weight[c][c].copy_(filter);
  weight_ = register_parameter("weight", weight);
  bias_ = register_parameter("bias", at::zeros({channels}));
}

at::Tensor UpsamplingImpl::forward(const at::Tensor& x, const BeforePool& to) {
  CheckShape(x, {-1, options_.channels, -1, -1}, "upsampling");
  const int64_t height = 2 * x.size(2), width = 2 * x.size(3);
  const auto fits = [](int64_t from, int64_t side) { return side == from || side == from - 1; };
  if (!fits(height, to.height) || !fits(width, to.width)) {
    throw Error("upsampling: doubles a map of ", x.size(2), "x", x.size(3),
                " and cannot make one of ", to.height, "x", to.width);
  }
  switch (options_.kind) {
    case UpsamplingKind::kNearest:
      return Cut(at::upsample_nearest2d(x, {height, width}), to);
    case UpsamplingKind::kBilinear: {
      const at::Tensor wide = Interpolate(x, Interpolation::Resize(x, height, width));
      return Cut(wide.to(x.scalar_type()), to);
    }
    case UpsamplingKind::kBedOfNails:
      return MaxUnpool(x, NailIndices(x, to.width), to.height, to.width);
    case UpsamplingKind::kMaxUnpooling:
      if (!to.indices.defined()) {
        throw Error("upsampling: max unpooling needs the indices of the pool, and there are none");
      }
      return MaxUnpool(x, to.indices, to.height, to.width);
    case UpsamplingKind::kTransposed:
      break;
  }
  return Cut(TransposedConv(x, weight_, bias_, 2, options_.kernel / 2 - 1), to);
}

}  // namespace seglab
