#pragma once

#include <string>

#include "tensor/tensor_file.h"

namespace seglab {

/// Gives the tensors of a .caffemodel the names that they have in the networks here. Files of other
/// formats stay as they are, and so do networks and layers that are not in the tables: the strict
/// loader complains about them.
///
/// Known are the classifiers VGG (11 to 19), CaffeNet, BVLC's GoogLeNet, ResNet-50, 101 and 152,
/// and SqueezeNet 1.0 and 1.1, under their authors' names of layers, which become a "classifier"'s;
/// FCN's segmentation networks on VGG and CaffeNet, which become those of fcn32s, 16s, 8s and
/// 8s_atonce; and DeepLab's, which become deeplab_v1 and deeplab_v2. A few tensors change their
/// form or go:
///   - fc6 to fc8 of a classifier, where they are convolutions: matrices;
///   - the bias of ResNet-50's conv1: into the mean of the normalisation behind it;
///   - upsampling filters without weights between the classes, (classes, classes, k, k): one filter
///     a class, (classes, 1, k, k); bilinear ones go, since a network has them by itself;
///   - the fixed factors of fcn8s_atonce: they go;
///   - what DeepLab's ResNet-101 has once more for its smaller scales: it goes.
/// @param path  of the file, for messages
void UseNetworkNames(TensorFile& file, const std::string& path);

/// Reads a weight file of any kind that ReadWeights knows, a .caffemodel under the names that
/// networks have here. @throws Error as ReadWeights
TensorFile ReadNetworkWeights(const std::string& path);

}  // namespace seglab
