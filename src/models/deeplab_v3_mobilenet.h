#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "models/seg_model.h"

namespace seglab {

struct DeepLabV3MobileNetOptions {
  int output_stride = 16;  ///< 32, 16, 8 or 4; published 16
  double width = 1;        ///< factor on all channel counts, 1/64..4; published 1

  /// @param where  what the options are called in a message
  /// @throws Error naming the member that is out of range
  void Check(const std::string& where = "DeepLabV3MobileNetOptions") const;
};

/// @throws Error when the options are wrong
std::shared_ptr<SegModel> MakeDeepLabV3MobileNetV2(const DeepLabV3MobileNetOptions& options,
                                                   int classes);

/// Reads output_stride and width from `reader`.
std::shared_ptr<SegModel> MakeDeepLabV3MobileNetV2(JsonReader& reader, int classes);

}  // namespace seglab
