#pragma once

#include <torch/nn/modules/container/sequential.h>

namespace seglab {

/// A Sequential of Tensor -> Tensor with a plain forward, so that it can stand inside another
/// Sequential, which tells a LayerTap what its layers give. Children count as in torchvision: every
/// ReLU and Dropout takes a number, and names come out as "0.weight", "3.weight".
class TensorSequentialImpl : public torch::nn::SequentialImpl {
 public:
  using SequentialImpl::SequentialImpl;
  at::Tensor forward(at::Tensor x);
};
TORCH_MODULE(TensorSequential);

}  // namespace seglab
