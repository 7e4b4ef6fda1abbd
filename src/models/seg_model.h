#pragma once

#include <torch/nn/module.h>

#include <string>
#include <vector>

#include "tensor/preprocessing.h"
#include "tensor/tensor_file.h"

namespace seglab {

struct SegOutput {
  at::Tensor logits;      ///< (N, classes, H, W) at the input's H, W; (N, classes) of a classifier
  at::Tensor aux_logits;  ///< the same of an auxiliary head, or undefined
};

/// Every row of the registry is one. Any input size from 1 x 1 works; padding and cropping are the
/// model's business.
class SegModel : public torch::nn::Module {
 public:
  /// @param image  (N, 3, H, W) float, normalised as `preprocessing` says
  virtual SegOutput forward(const at::Tensor& image) = 0;

  /// What the deepest shared layer makes of an image: start-up checks look whether it is alive.
  virtual at::Tensor Features(const at::Tensor& image) = 0;

  /// Where weights of another network may start this one (an earlier stage, a classifier of the
  /// same backbone): the tensors under this network's names and shapes.
  struct Start {
    NamedTensors tensors;
    std::vector<std::string>
        new_layers;  ///< prefixes that the source has not: they keep their fresh values
    std::vector<std::string> dropped_layers;  ///< prefixes of the source that have no place here
  };
  virtual Start StartFrom(const NamedTensors& source) const { return {source, {}, {}}; }

  Preprocessing preprocessing;
  /// Auxiliary heads work in training mode; in evaluation, where only `forward` of the command line
  /// asks for them, with this.
  bool aux_in_evaluation = false;
};

}  // namespace seglab
