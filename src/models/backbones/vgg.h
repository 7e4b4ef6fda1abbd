#pragma once

#include <memory>
#include <string>

#include "models/backbones/backbone.h"

namespace seglab {

struct VggOptions {
  double width = 1;    ///< factor on all channel counts, so that a laptop can train one; 1/64..4
  int fc6_kernel = 7;  ///< side of fc6's window; 7 as published, smaller for small pictures; odd
  /// Channels of fc6 and fc7; 0: 4096 * width. DeepLab's are 1024.
  int fc_width = 0;
  double dropout = 0.5;  ///< behind fc6 and fc7, in [0, 1)
};

/// Options are read from `reader`: width, fc6_kernel, fc_width, dropout.
std::shared_ptr<Trunk> MakeVggTrunk(const std::string& name, JsonReader& reader,
                                    const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeVggClassifier(const std::string& name, JsonReader& reader,
                                            int classes);

}  // namespace seglab
