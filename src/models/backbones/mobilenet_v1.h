#pragma once

#include <memory>
#include <string>

#include "models/backbones/backbone.h"

namespace seglab {

struct MobileNetV1Options {
  double width = 1;    ///< factor on all channel counts, 1/64..4
  bool relu6 = false;  ///< TensorFlow's clipped activation

  /// @param where  what the options are called in a message
  /// @throws Error naming the member that is out of range
  void Check(const std::string& where = "MobileNetV1Options") const;
};

/// @throws Error when the options are wrong
std::shared_ptr<Trunk> MakeMobileNetV1Trunk(const MobileNetV1Options& options,
                                            const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeMobileNetV1Classifier(const MobileNetV1Options& options, int classes);

/// Options are read from `reader`: width, relu6.
std::shared_ptr<Trunk> MakeMobileNetV1Trunk(const std::string& name, JsonReader& reader,
                                            const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeMobileNetV1Classifier(const std::string& name, JsonReader& reader,
                                                    int classes);

}  // namespace seglab
