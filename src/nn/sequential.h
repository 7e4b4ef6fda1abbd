#pragma once

#include <torch/nn/modules/container/sequential.h>

#include <utility>

namespace seglab {

/// A Sequential of Tensor -> Tensor with a plain forward, so that it can stand inside another
/// Sequential, which tells a LayerTap what its layers give. Children count as in torchvision: every
/// ReLU and Dropout takes a number, and names come out as "0.weight", "3.weight".
class TensorSequentialImpl : public torch::nn::SequentialImpl {
 public:
  using SequentialImpl::SequentialImpl;
  at::Tensor forward(at::Tensor x) { return Run(std::move(x), 0, size()); }
  /// The layers from `begin` up to `end`. In a FusedScope a convolution takes the batch norm and
  /// the ReLU behind it.
  /// @param unpadded  in a FusedScope: of the convolutions' outputs only those that see none of
  ///   their padding
  at::Tensor Run(at::Tensor x, size_t begin, size_t end, bool unpadded = false);
};
TORCH_MODULE(TensorSequential);

}  // namespace seglab
