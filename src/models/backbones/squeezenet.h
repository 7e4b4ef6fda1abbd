#pragma once

#include <memory>
#include <string>

#include "models/backbones/backbone.h"

namespace seglab {

/// Options are read from `reader`: width (1/64..4); of the classifier also dropout ([0, 1), 0.5).
std::shared_ptr<Trunk> MakeSqueezeNetTrunk(const std::string& name, JsonReader& reader,
                                           const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeSqueezeNetClassifier(const std::string& name, JsonReader& reader,
                                                   int classes);

}  // namespace seglab
