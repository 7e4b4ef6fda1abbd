#pragma once

// Debian's LibTorch 1.13 lacks this header of LibTorch's, which that of c10d's reducer includes.
// Here is what the reducer names of it; the build looks here where the real one is not there.

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>

namespace torch::distributed::autograd {

class DistAutogradContext {
 public:
  using GradCallback = std::function<bool(at::Tensor&)>;
};

using ContextPtr = std::shared_ptr<DistAutogradContext>;

}  // namespace torch::distributed::autograd
