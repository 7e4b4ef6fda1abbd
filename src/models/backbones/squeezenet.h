#pragma once

#include <memory>
#include <string>

#include "models/backbones/backbone.h"

namespace seglab {

struct SqueezeNetOptions {
  double width = 1;      ///< factor on all channel counts, 1/64..4
  double dropout = 0.5;  ///< of the classifier, 0..0.95

  /// @param where  what the options are called in a message
  /// @throws Error naming the member that is out of range
  void Check(const std::string& where = "SqueezeNetOptions") const;
};

/// Of a trunk, the width counts. @param name  squeezenet1_0, squeezenet1_1
/// @throws Error on another name or when the options are wrong
std::shared_ptr<Trunk> MakeSqueezeNetTrunk(const std::string& name,
                                           const SqueezeNetOptions& options,
                                           const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeSqueezeNetClassifier(const std::string& name,
                                                   const SqueezeNetOptions& options, int classes);

/// Options are read from `reader`: width; of the classifier also dropout.
std::shared_ptr<Trunk> MakeSqueezeNetTrunk(const std::string& name, JsonReader& reader,
                                           const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeSqueezeNetClassifier(const std::string& name, JsonReader& reader,
                                                   int classes);

}  // namespace seglab
