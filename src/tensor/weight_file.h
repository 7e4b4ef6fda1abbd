#pragma once

#include <string>

#include "tensor/tensor_file.h"

namespace seglab {

/// Reads a weight file of any kind that is known, told by its content and not by its name:
/// safetensors, PyTorch's .pth (both formats), Caffe's .caffemodel.
/// @throws Error naming the file, and what it seems to be when that is known
TensorFile ReadWeights(const std::string& path);

}  // namespace seglab
