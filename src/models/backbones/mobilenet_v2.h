#pragma once

#include <memory>
#include <string>

#include "models/backbones/backbone.h"
#include "models/backbones/layers.h"

namespace seglab {

/// features.0 to features.17, and 18 with `last_conv`, for networks that put their own head on
/// them.
StagedFeatures MakeMobileNetV2Features(double width, bool last_conv, StrideWalk& walk);

struct MobileNetV2Options {
  double width = 1;      ///< factor on all channel counts, 1/64..4
  double dropout = 0.2;  ///< of the classifier, 0..0.95

  /// @param where  what the options are called in a message
  /// @throws Error naming the member that is out of range
  void Check(const std::string& where = "MobileNetV2Options") const;
};

/// Of a trunk, the width counts.
/// @throws Error when the options are wrong
std::shared_ptr<Trunk> MakeMobileNetV2Trunk(const MobileNetV2Options& options,
                                            const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeMobileNetV2Classifier(const MobileNetV2Options& options, int classes);

/// Options are read from `reader`: width; of the classifier also dropout.
std::shared_ptr<Trunk> MakeMobileNetV2Trunk(const std::string& name, JsonReader& reader,
                                            const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeMobileNetV2Classifier(const std::string& name, JsonReader& reader,
                                                    int classes);

}  // namespace seglab
