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
  double aux_weight = 0.4;       ///< of their loss, 0..1e12
  double dropout = 0.2;          ///< of the classifier, 0..0.95; BVLC's is 0.4

  /// @param where  what the options are called in a message
  /// @throws Error naming the member that is out of range
  void Check(const std::string& where = "GoogLeNetOptions") const;
};

/// Of a trunk, caffe, transform_input and width count.
/// @throws Error when the options are wrong
std::shared_ptr<Trunk> MakeGoogLeNetTrunk(const GoogLeNetOptions& options,
                                          const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeGoogLeNetClassifier(const GoogLeNetOptions& options, int classes);

/// Options are read from `reader`: caffe, transform_input, width; of the classifier also aux_loss,
/// aux_weight, dropout.
std::shared_ptr<Trunk> MakeGoogLeNetTrunk(const std::string& name, JsonReader& reader,
                                          const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeGoogLeNetClassifier(const std::string& name, JsonReader& reader,
                                                  int classes);

}  // namespace seglab
