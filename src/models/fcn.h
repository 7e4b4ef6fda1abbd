#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "models/seg_model.h"

namespace seglab {

enum class FcnKind { k32s, k16s, k8s, k8sAtOnce };

/// Where maps are padded and what of them is kept.
enum class FcnGeometry {
  kTight,      ///< the published alignment without the wasted border
  kPublished,  ///< pad 100 at the first convolution and fixed crops
};

enum class FcnUpsampling {
  kFixed,    ///< bilinear
  kLearned,  ///< a kernel per channel, from a bilinear start
};

struct FcnOptions {
  FcnKind kind = FcnKind::k32s;
  Json backbone = "vgg16";  ///< name, or object with "name" and the backbone's options
  FcnGeometry geometry = FcnGeometry::kTight;
  std::string backbone_path = "backbone";  ///< names the backbone's options in messages
  int output_stride = 32;                  ///< 32, 16, 8 or 4; below 32 only in tight geometry
  FcnUpsampling upsampling = FcnUpsampling::kFixed;

  /// The backbone's options are checked when it is made.
  /// @param where  what the options are called in a message
  /// @throws Error naming the member that is wrong
  void Check(const std::string& where = "FcnOptions") const;
};

/// Reads backbone, geometry ("tight", "published"), output_stride and upsampling ("fixed",
/// "learned") from `reader` and makes the network.
std::shared_ptr<SegModel> MakeFcn(JsonReader& reader, int classes, FcnKind kind);
/// @throws Error when the options are wrong
std::shared_ptr<SegModel> MakeFcn(const FcnOptions& options, int classes);

}  // namespace seglab
