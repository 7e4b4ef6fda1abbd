#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "nn/sequential.h"

namespace seglab {

/// A convolution that keeps a map's size, of a kind that is chosen by name. With K x K cells, C
/// channels in and M out:
///   standard             K^2 C M weights
///   dilated              the same, its taps `rate` cells apart
///   depthwise            K^2 C: each channel for itself, M = C
///   depthwise_separable  K^2 C + C M: depthwise, then 1 x 1 (F. Chollet 2017, arXiv:1610.02357)
struct ConvKindOptions {
  std::string kind = "standard";
  int64_t kernel = 3;  ///< odd, 1..15
  int64_t rate = 1;    ///< cells between neighbouring taps, 1..64; of "dilated" 2 or more

  /// "depthwise", or {"kind": "dilated", "rate": 4, "kernel": 3}; a dilated one without rate has 2.
  /// @param otherwise  for what the JSON does not say
  /// @throws Error naming the member that is wrong
  static ConvKindOptions FromJson(const Json& json, const std::string& path,
                                  const ConvKindOptions& otherwise);
  /// @throws Error naming the member that is wrong
  void Check(const std::string& where = "ConvKindOptions") const;

  bool IsDepthwise() const { return kind == "depthwise"; }
  bool IsSeparable() const { return kind == "depthwise_separable"; }
  /// Weights without biases.
  int64_t Weights(int64_t in, int64_t out) const;
};

const std::vector<std::string>& ConvKindNames();

/// Appends the one or two layers of such a convolution.
/// @param bias  of the last one
/// @throws Error when the options are wrong, or a depthwise one is to change the channels
void AddConvolution(TensorSequential& layers, int64_t in, int64_t out,
                    const ConvKindOptions& options, bool bias);

}  // namespace seglab
