#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "models/seg_model.h"
#include "nn/upsampling.h"

namespace seglab {

struct SegNetOptions {
  Json backbone = "vgg16_bn";  ///< VGG of any depth: a name, or an object with "name"
  UpsamplingKind upsampling = UpsamplingKind::kMaxUnpooling;  ///< published: max unpooling
  double dropout = 0;  ///< behind pool5 and the two deepest decoder stages, 0..0.95

  std::string path = "SegNetOptions";  ///< names the options in messages

  /// The backbone's options are checked when it is made.
  /// @throws Error naming the member that is wrong
  void Check(const std::string& where = "SegNetOptions") const;
};

/// @throws Error when the options are wrong, or the backbone is no VGG
std::shared_ptr<SegModel> MakeSegNet(const SegNetOptions& options, int classes);

/// Reads backbone, upsampling and dropout from `reader`.
std::shared_ptr<SegModel> MakeSegNet(JsonReader& reader, int classes);

}  // namespace seglab
