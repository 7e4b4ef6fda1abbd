#pragma once

#include <cstdint>
#include <memory>

#include "models/deeplab_v3.h"

namespace seglab {

struct DeepLabV3PlusOptions {
  DeepLabV3Options base = {.separable = true};  ///< published: separable windows and decoder
  int64_t low_level_channels = 48;              ///< of the map at stride 4, 1..4096

  /// @throws Error naming the member that is wrong
  void Check(const std::string& where = "DeepLabV3PlusOptions") const;
};

/// @throws Error when the options are wrong
std::shared_ptr<SegModel> MakeDeepLabV3Plus(const DeepLabV3PlusOptions& options, int classes);
/// Reads what DeepLabV3Options reads, and low_level_channels.
std::shared_ptr<SegModel> MakeDeepLabV3Plus(JsonReader& reader, int classes);

}  // namespace seglab
