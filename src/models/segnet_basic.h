#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "models/seg_model.h"
#include "nn/conv_kind.h"
#include "nn/upsampling.h"

namespace seglab {

struct SegNetBasicOptions {
  /// One of SegNetBasicDecoders(), the rows of SegNet's Table 1.
  std::string decoder = "segnet";
  UpsamplingKind upsampling = UpsamplingKind::kMaxUnpooling;  ///< of SegNet's own decoders
  /// Of all layers but the first one (three channels are too few for a depthwise one) and the 1x1
  /// of the scores.
  ConvKindOptions convolution = {"standard", 7, 1};
  int64_t layers = 4;  ///< of encoder and decoder, each halving and doubling the size, 1..6
  double width = 1;    ///< factor on the 64 channels, 1/64..4
  bool lrn = true;     ///< local response normalisation of the image

  /// @throws Error naming the member that is wrong
  void Check(const std::string& where = "SegNetBasicOptions") const;
};

/// "segnet", "encoder_addition", "single_channel", "fcn", "fcn_no_addition", "fcn_no_reduction",
/// "fcn_no_addition_no_reduction", "bilinear".
const std::vector<std::string>& SegNetBasicDecoders();

/// @throws Error when the options are wrong
std::shared_ptr<SegModel> MakeSegNetBasic(const SegNetBasicOptions& options, int classes);

/// Reads decoder, upsampling, convolution, layers, width and lrn from `reader`.
std::shared_ptr<SegModel> MakeSegNetBasic(JsonReader& reader, int classes);

}  // namespace seglab
