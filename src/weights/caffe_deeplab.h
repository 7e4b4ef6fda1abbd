#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

#include "tensor/tensor_file.h"

// DeepLab's released networks under Caffe's names, after their prototxts:
//   v1: DeepLab, DeepLab-MSc, DeepLab-LargeFOV, DeepLab-MSc-LargeFOV (conv1_1 ..., fc6, fc7, fc8_*;
//       data_conv, data_fc, data_ms, pool1_conv ...)
//   v2: on VGG-16 (fc6_1, fc7_1, fc8_*_1 to 4), on ResNet-101 (res2a_branch1 ..., fc1_*_c0 to c3,
//   or
//       fc1_* alone; what is shared with the smaller scales once more, with _res05 and _res075)
// What * stands for, voc12, pascal, camvid, are the labels.
namespace seglab {

/// Caffe's layer -> the network's.
using CaffeLayers = std::map<std::string, std::string>;

/// Whether these are weights of one of them, still under Caffe's names. A classifier whose last
/// layer is called fc8_flickr is none: its layer is a matrix.
bool IsCaffeDeepLab(const TensorFile& file);

/// The layers of deeplab_v1 and deeplab_v2.
/// @param classifier  the layers of a classifier on the same trunk
CaffeLayers DeepLabLayers(const TensorFile& file, const CaffeLayers& classifier);

/// Whether the tensor is that of a layer once more, for a smaller scale.
bool IsScaleCopy(const TensorFile& file, const std::string& name, const at::Tensor& tensor);

}  // namespace seglab
