#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/json.h"
#include "models/seg_model.h"

namespace seglab {

struct ReSegOptions {
  Json backbone = "vgg16";  ///< any trunk: a name, or an object with "name"
  int stride = 4;           ///< of the map that it ends with, 4, 8, 16 or 32; published 4 (conv3_3)
  int64_t renet_layers = 2;           ///< 1..8
  int64_t units = 100;                ///< of each recurrent network, 1..4096
  int64_t up_channels = 50;           ///< of each transposed convolution, 1..4096
  std::string path = "ReSegOptions";  ///< names the options in messages

  /// The backbone's options are checked when it is made.
  /// @throws Error naming the member that is wrong
  void Check(const std::string& where = "ReSegOptions") const;
};

/// @throws Error when the options are wrong
std::shared_ptr<SegModel> MakeReSeg(const ReSegOptions& options, int classes);

/// Reads backbone, stride, renet_layers, units and up_channels from `reader`.
std::shared_ptr<SegModel> MakeReSeg(JsonReader& reader, int classes);

}  // namespace seglab
