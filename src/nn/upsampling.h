#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>

#include <string>
#include <vector>

#include "base/json.h"

namespace seglab {

/// A way back over one halving of a map.
enum class UpsamplingKind {
  kNearest,       ///< each cell four times
  kBilinear,      ///< outer edges aligned
  kBedOfNails,    ///< each cell at the upper left one of four, 0 elsewhere
  kMaxUnpooling,  ///< each cell where its pool found its value, 0 elsewhere
  kTransposed,    ///< learned: a transposed convolution of stride 2
};

/// "nearest", "bilinear", "bed_of_nails", "max_unpooling", "transposed", in the kinds' order.
const std::vector<std::string>& UpsamplingNames();
/// @throws Error with the names there are
UpsamplingKind ParseUpsampling(const std::string& name, const std::string& path);

/// Reads "upsampling" from a network's options. @throws Error with the names there are
void ReadUpsampling(JsonReader& reader, UpsamplingKind& kind);
/// The name of a kind.
const std::string& UpsamplingName(UpsamplingKind kind);

/// What the way back knows of the map before its pool.
struct BeforePool {
  int64_t height = 0, width = 0;
  at::Tensor indices;  ///< of the pool (FeatureMap::indices); only max unpooling reads them
};

struct UpsamplingOptions {
  UpsamplingKind kind = UpsamplingKind::kBilinear;
  int64_t channels = 64;
  /// Side of a transposed convolution's window: even, 2..16; 2: cells do not overlap.
  int64_t kernel = 4;

  /// @throws Error naming the member that is out of range
  void Check(const std::string& where = "UpsamplingOptions") const;
};

/// Twice as many rows and columns, by any of the kinds: one interface, so that a network may take
/// any. Channels stay. A transposed convolution has weights between all channels, `weight`
/// (C, C, k, k) and `bias`, starts as the bilinear one of each channel for itself (FCN, section
/// 3.3) and is the only kind with parameters.
class UpsamplingImpl : public torch::nn::Module {
 public:
  /// @throws Error when the options are wrong
  explicit UpsamplingImpl(const UpsamplingOptions& options);
  /// @param x   (N, C, h, w)
  /// @param to  rows and columns of the result: each 2 h or, where the pool rounded up, one less
  /// @return (N, C, to.height, to.width)
  /// @throws Error on other sizes
  at::Tensor forward(const at::Tensor& x, const BeforePool& to);

 private:
  UpsamplingOptions options_;
  at::Tensor weight_, bias_;
};
TORCH_MODULE(Upsampling);

}  // namespace seglab
