#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "models/seg_model.h"

namespace seglab {

struct TorchvisionSegOptions {
  std::string backbone = "resnet50";  ///< resnet50 or resnet101
  bool deeplab = false;               ///< DeepLab v3's head instead of FCN's
  bool aux_loss = false;              ///< a second head on the stride-16 map
  double aux_weight = 0.4;            ///< of its loss, 0..1e12
  double width = 1;                   ///< factor on all channel counts, 1/64..4; 1 as torchvision

  /// @param where  what the options are called in a message
  /// @throws Error naming the member that is wrong
  void Check(const std::string& where = "TorchvisionSegOptions") const;
};

/// torchvision's fcn_resnet* and deeplabv3_resnet*, name for name.
/// @throws Error when the options are wrong
std::shared_ptr<SegModel> MakeTorchvisionSeg(const TorchvisionSegOptions& options, int classes);

/// Reads aux_loss, aux_weight and width from `reader` over `options`.
std::shared_ptr<SegModel> MakeTorchvisionSeg(JsonReader& reader, int classes,
                                             TorchvisionSegOptions options);

}  // namespace seglab
