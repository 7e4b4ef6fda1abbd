#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "models/seg_model.h"

namespace seglab {

enum class FcnKind { k32s, k16s, k8s, k8sAtOnce };

struct FcnOptions {
  FcnKind kind = FcnKind::k32s;
  Json backbone = "vgg16";  ///< name, or object with "name" and the backbone's options
  std::string geometry =
      "tight";  ///< "published": pad 100 and fixed crops; "tight": same alignment, no wasted border
  std::string backbone_path = "backbone";  ///< names the backbone's options in messages
  int output_stride = 32;                  ///< 32, 16, 8 or 4; below 32 only in tight geometry
  std::string upsampling =
      "fixed";  ///< "fixed" bilinear, or "learned" per channel from a bilinear start
};

/// Reads backbone, geometry, output_stride and upsampling from `reader` and makes the network.
std::shared_ptr<SegModel> MakeFcn(JsonReader& reader, int classes, FcnKind kind);
std::shared_ptr<SegModel> MakeFcn(const FcnOptions& options, int classes);

}  // namespace seglab
