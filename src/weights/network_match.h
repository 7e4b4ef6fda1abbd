#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "tensor/tensor_file.h"
#include "weights/weight_place.h"

namespace seglab {

/// A network of the registry that a weight file may be for.
struct NetworkMatch {
  Json spec;           ///< as --as and --model take it
  bool whole = false;  ///< false: the file lacks its classifier, and can start networks on it
};

/// The networks whose names of tensors are those of the file, with as many sides, the same kernels
/// and as many channels behind the first convolution; those of another width, which is named, only
/// where no published one fits. Other channels and classes are left open. Takes tenths of a second.
std::vector<NetworkMatch> MatchNetworks(const NamedTensors& tensors);

/// The networks that weights in a file may be for, and where in it these stand.
struct PlacedNetworks {
  WeightPlace place;  ///< the usual one where there are no networks
  std::vector<NetworkMatch> networks;
};

/// MatchNetworks with the weights at each possible place of a file, its largest.
/// @param key  only those below this one; "" = all
PlacedNetworks FindNetworks(const TensorFile& file, const std::string& key,
                            const std::string& path);

}  // namespace seglab
