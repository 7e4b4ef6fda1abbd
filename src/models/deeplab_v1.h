#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "models/seg_model.h"

namespace seglab {

struct DeepLabV1Options {
  Json backbone = "vgg16";       ///< name, or object with "name" and the backbone's options
  std::string fc6 = "largefov";  ///< "largefov", "7x7_r4", "4x4_r4" or "4x4_r8": window and rate
  /// Channels of fc6 and fc7, at most 65536; 0: 1024 (largefov) or 4096 times VGG's width.
  int fc_width = 0;
  bool msc = false;      ///< scores also from the image and from the maps of strides 2 to 16
  double dropout = 0.5;  ///< behind fc6, fc7 and the hidden layers of msc, 0..0.95
  std::string backbone_path = "backbone";  ///< names the backbone's options in messages

  /// The backbone's options are checked when it is made.
  /// @param where  what the options are called in a message
  /// @throws Error naming the member that is wrong
  void Check(const std::string& where = "DeepLabV1Options") const;
};

/// Any backbone with maps at strides 8 and 32 carries it, at output stride 8; `msc` needs one at
/// stride 2 and 4, too.
/// @throws Error when the options are wrong
std::shared_ptr<SegModel> MakeDeepLabV1(const DeepLabV1Options& options, int classes);

/// Reads backbone, fc6, fc_width, msc and dropout from `reader`.
std::shared_ptr<SegModel> MakeDeepLabV1(JsonReader& reader, int classes);

}  // namespace seglab
