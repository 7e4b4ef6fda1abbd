#pragma once

#include <memory>
#include <string>

#include "models/backbones/backbone.h"

namespace seglab {

/// Options are read from `reader`: width (1/64..4), relu6 (false).
std::shared_ptr<Trunk> MakeMobileNetV1Trunk(const std::string& name, JsonReader& reader,
                                            const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeMobileNetV1Classifier(const std::string& name, JsonReader& reader,
                                                    int classes);

}  // namespace seglab
