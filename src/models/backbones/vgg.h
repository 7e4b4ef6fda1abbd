#pragma once

#include <array>
#include <memory>
#include <string>

#include "models/backbones/backbone.h"

namespace seglab {

struct VggOptions {
  double width = 1;  ///< factor on all channel counts, so that a laptop can train one; 1/64..4
  /// Side of fc6's window, odd, 1..15; 7 as published, smaller for small pictures.
  int fc6_kernel = 7;
  /// Channels of fc6 and fc7, at most 65536; 0: 4096 * width. DeepLab's are 1024.
  int fc_width = 0;
  double dropout = 0.5;  ///< behind fc6 and fc7, 0..0.95

  /// @param where  what the options are called in a message
  /// @throws Error naming the member that is out of range
  void Check(const std::string& where = "VggOptions") const;
};

/// Convolutions between two pools, of vgg11, vgg16_bn and so on.
std::array<int, 5> VggStageDepths(const std::string& name);

/// The name of a network's backbone, which must be of this family: its pools take 2 x 2 cells each.
/// @param network  for the message, "SegNet"
/// @throws Error on another backbone
std::string VggNameOf(const Json& backbone, const std::string& path, const std::string& network);

/// @param name  vgg11, 13, 16, 19, or one of these with "_bn" for batch norm
/// @throws Error on another name, when the options are wrong, or when FCN's published geometry is
///         asked for at another fc6_kernel than 7
std::shared_ptr<Trunk> MakeVggTrunk(const std::string& name, const VggOptions& options,
                                    const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeVggClassifier(const std::string& name, const VggOptions& options,
                                            int classes);

/// Options are read from `reader`: width, fc6_kernel, fc_width, dropout.
std::shared_ptr<Trunk> MakeVggTrunk(const std::string& name, JsonReader& reader,
                                    const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeVggClassifier(const std::string& name, JsonReader& reader,
                                            int classes);

}  // namespace seglab
