#include "nn/winograd_training.h"

#include <torch/torch.h>

#include "nn/winograd.h"

namespace seglab {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

struct WinogradFunction : torch::autograd::Function<WinogradFunction> {
  static Variable forward(AutogradContext* context, const Variable& input, const Variable& weight,
                          const Variable& bias, int64_t padding, int64_t dilation) {
    context->save_for_backward({input, weight});
    context->saved_data["padding"] = padding;
    context->saved_data["dilation"] = dilation;
    context->saved_data["input"] = input.requires_grad();
    context->saved_data["weight"] = weight.requires_grad();
    context->saved_data["bias"] = bias.requires_grad();
    return WinogradConv(input, WinogradWeights(weight), bias.numel() > 0 ? bias : at::Tensor(),
                        padding, dilation);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &input = saved[0], &weight = saved[1], &gradient = gradients[0];
    const int64_t padding = context->saved_data["padding"].toInt(),
                  dilation = context->saved_data["dilation"].toInt();
    variable_list found(5);
    if (context->saved_data["input"].toBool()) {
      // Of a convolution with the window turned by 180 degrees.
      const at::Tensor turned = weight.detach().flip({2, 3}).transpose(0, 1);
      found[0] =
          WinogradConv(gradient, WinogradWeights(turned), {}, 2 * dilation - padding, dilation);
    }
    if (context->saved_data["weight"].toBool())
      found[1] = WinogradWeightGradient(input, gradient, padding, dilation);
    if (context->saved_data["bias"].toBool()) found[2] = gradient.sum({0, 2, 3});
    return found;
  }
};

}  // namespace

at::Tensor WinogradConvInTraining(const at::Tensor& input, const at::Tensor& weight,
                                  const at::Tensor& bias, int64_t padding, int64_t dilation) {
  TORCH_CHECK(padding <= 2 * dilation, "Winograd in training: a border of ", padding,
              ", more than twice the dilation of ", dilation);
  // A function of LibTorch's takes no undefined tensor.
  const at::Tensor given = bias.defined() ? bias : at::empty({0}, input.options());
  return WinogradFunction::apply(input, weight, given, padding, dilation);
}

}  // namespace seglab
