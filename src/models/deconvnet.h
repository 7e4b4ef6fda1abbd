#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/json.h"
#include "models/seg_model.h"
#include "nn/upsampling.h"

namespace seglab {

struct DeconvNetOptions {
  Json backbone = "vgg16_bn";  ///< VGG of any depth: a name, or an object with "name"
  UpsamplingKind upsampling = UpsamplingKind::kMaxUnpooling;  ///< published: max unpooling
  int64_t fc6_kernel = 7;  ///< side of fc6's window and of the deconvolution that mirrors it, 1..15
  int fc_width = 0;        ///< channels of fc6 and fc7, at most 65536; 0: 4096 * VGG's width
  double dropout = 0.5;    ///< behind fc6 and fc7, 0..0.95
  std::string path = "DeconvNetOptions";  ///< names the options in messages

  /// The backbone's options are checked when it is made.
  /// @throws Error naming the member that is wrong
  void Check(const std::string& where = "DeconvNetOptions") const;
};

/// @throws Error when the options are wrong, or the backbone is no VGG
std::shared_ptr<SegModel> MakeDeconvNet(const DeconvNetOptions& options, int classes);

/// Reads backbone, upsampling, fc6_kernel, fc_width and dropout from `reader`.
std::shared_ptr<SegModel> MakeDeconvNet(JsonReader& reader, int classes);

}  // namespace seglab
