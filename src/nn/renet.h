#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/rnn.h>
#include <torch/nn/pimpl.h>

namespace seglab {

/// A ReNet layer: recurrent networks over the columns of a map, from above and from below, then
/// over the rows of what they make, from the left and from the right, so that each cell of the
/// result sees the whole map (F. Visin et al. 2015, arXiv:1505.00393; ReSeg, arXiv:1511.07053,
/// section 3, with gated recurrent units, Cho et al. 2014).
class ReNetImpl : public torch::nn::Module {
 public:
  /// @param units  of one direction, at least 1
  /// @throws Error when a number is below 1
  ReNetImpl(int64_t in, int64_t units);
  /// @param x  (N, in, H, W)
  /// @return (N, 2 units, H, W)
  at::Tensor forward(const at::Tensor& x);

 private:
  torch::nn::GRU vertical_{nullptr}, horizontal_{nullptr};
};
TORCH_MODULE(ReNet);

}  // namespace seglab
