#pragma once

#include <string>

#include "base/json.h"
#include "models/seg_model.h"
#include "tensor/tensor_file.h"

// On which network weights of Caffe compute what they did there, as far as names and shapes do not
// tell. Files are known by their layers' types in the metadata, also under the names that
// UseNetworkNames gives and after a conversion that keeps the metadata.
namespace seglab {

/// Whether these are the weights of a segmentation network of FCN's authors.
bool IsCaffeFcn(const TensorFile& file);

/// The network for them: "caffe": true for ResNet, whose strides stand elsewhere than
/// torchvision's, "geometry": "published" for FCN's padding. For other files, `spec` itself.
/// @param spec  {"name": ...} of a network that has the file's names
Json CaffeNetwork(const TensorFile& file, Json spec);

/// Warns where a network is not what CaffeNetwork says.
/// @param traits   of the network that takes the weights
/// @param network  its row of the table of models: "fcn8s"
/// @param path     of the file, for messages
/// @throws Error where weights for scaled skips are to go into another network than fcn8s_atonce,
///         or others into that
void CheckCaffeNetwork(const TensorFile& file, const NetworkTraits& traits,
                       const std::string& network, const std::string& path);

}  // namespace seglab
