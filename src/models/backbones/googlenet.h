#pragma once

#include <memory>
#include <string>

#include "models/backbones/backbone.h"

namespace seglab {

struct GoogLeNetOptions {
  bool caffe = false;            ///< BVLC's network: no batch norm, real 5x5, LRN
  bool transform_input = false;  ///< from ImageNet's mean and deviation to [-1, 1], as torchvision
  double width = 1;              ///< factor on all channel counts, 1/64..4
  bool aux_loss = false;         ///< the classifier's two auxiliary heads
  double dropout = 0.2;          ///< of the classifier, in [0, 1); BVLC's is 0.4
};

/// Options are read from `reader`: caffe, transform_input, width; of the classifier also aux_loss,
/// dropout.
std::shared_ptr<Trunk> MakeGoogLeNetTrunk(const std::string& name, JsonReader& reader,
                                          const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeGoogLeNetClassifier(const std::string& name, JsonReader& reader,
                                                  int classes);

}  // namespace seglab
