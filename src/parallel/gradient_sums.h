#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "parallel/group.h"

namespace seglab {

/// Gradients summed over the processes of a group while they are computed: c10d's reducer sends a
/// bucket of parameters as soon as all of its gradients are there, beside the rest of the backward
/// pass (S. Li et al., "PyTorch Distributed", VLDB 2020, section 3.2.3).
class GradientSums {
 public:
  /// @param parameters  those that are trained, the same and in the same order in every process
  GradientSums(const Group& group, std::vector<at::Tensor> parameters);
  ~GradientSums();

  /// Before the forward pass whose backward pass is the step's last. Without it, in passes before,
  /// gradients stay with their process and are summed with the last one's.
  void Prepare();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace seglab
