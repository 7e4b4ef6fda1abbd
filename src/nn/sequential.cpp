#include "nn/sequential.h"

#include <torch/torch.h>

#include <utility>

#include "nn/layer_tap.h"

namespace seglab {

at::Tensor TensorSequentialImpl::forward(at::Tensor x) {
  for (torch::nn::AnyModule& layer : *this) {
    x = layer.forward<at::Tensor>(std::move(x));
    if (LayerTap::Listens()) LayerTap::Report(*layer.ptr(), x);
  }
  return x;
}

}  // namespace seglab
