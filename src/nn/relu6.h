#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

namespace seglab {

/// min(max(x, 0), 6), in place. Its gradient is 1 for 0 < x < 6 and 0 elsewhere, in every type:
/// LibTorch 1.13 has none for bfloat16 on the CPU.
class Relu6Impl : public torch::nn::Module {
 public:
  at::Tensor forward(at::Tensor x);
};
TORCH_MODULE(Relu6);

}  // namespace seglab
