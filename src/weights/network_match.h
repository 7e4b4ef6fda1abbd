#pragma once

#include <vector>

#include "base/json.h"
#include "tensor/tensor_file.h"

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

}  // namespace seglab
