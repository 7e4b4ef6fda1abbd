#pragma once

#include <memory>
#include <string>

#include "models/backbones/backbone.h"

namespace seglab {

struct ResNetOptions {
  bool caffe = false;  ///< stride on the first 1x1 of a block; the stem's pool rounds up, unpadded
  double width = 1;    ///< factor on all channel counts, 1/64..4

  /// @param where  what the options are called in a message
  /// @throws Error naming the member that is out of range
  void Check(const std::string& where = "ResNetOptions") const;
};

/// @param name  resnet18, 34, 50, 101, 152
/// @throws Error on another name or when the options are wrong
std::shared_ptr<Trunk> MakeResNetTrunk(const std::string& name, const ResNetOptions& options,
                                       const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeResNetClassifier(const std::string& name,
                                               const ResNetOptions& options, int classes);

/// Options are read from `reader`: caffe, width.
std::shared_ptr<Trunk> MakeResNetTrunk(const std::string& name, JsonReader& reader,
                                       const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeResNetClassifier(const std::string& name, JsonReader& reader,
                                               int classes);

}  // namespace seglab
