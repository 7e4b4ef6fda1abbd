#include "nn/relu6.h"

#include <torch/torch.h>

namespace seglab {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

struct Bfloat16Relu6 : torch::autograd::Function<Bfloat16Relu6> {
  static at::Tensor forward(AutogradContext* context, at::Tensor x) {
    x.clamp_(0, 6);
    context->mark_dirty({x});
    context->save_for_backward({x});
    return x;
  }
  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    const at::Tensor y = context->get_saved_variables()[0];
    // Threshold's gradient is a copy where its input is above the threshold, else 0.
    const at::Tensor above_0 = at::threshold_backward(gradients[0], y, 0);
    return {at::threshold_backward(above_0, -y, -6)};
  }
};

}  // namespace

at::Tensor Relu6Impl::forward(at::Tensor x) {
  return x.scalar_type() == at::kBFloat16 ? Bfloat16Relu6::apply(x) : at::hardtanh_(x, 0, 6);
}

}  // namespace seglab
