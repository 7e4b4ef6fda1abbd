#pragma once

#include <memory>
#include <string>

#include "models/backbones/backbone.h"
#include "models/backbones/layers.h"

namespace seglab {

/// features.0 to features.17, and 18 with `last_conv`, for networks that put their own head on
/// them.
StagedFeatures MakeMobileNetV2Features(double width, bool last_conv, StrideWalk& walk);

/// Options are read from `reader`: width (1/64..4); of the classifier also dropout ([0, 1), 0.2).
std::shared_ptr<Trunk> MakeMobileNetV2Trunk(const std::string& name, JsonReader& reader,
                                            const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeMobileNetV2Classifier(const std::string& name, JsonReader& reader,
                                                    int classes);

}  // namespace seglab
