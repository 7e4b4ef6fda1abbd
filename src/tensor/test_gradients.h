#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace seglab {

/// Largest difference between LibTorch's gradient of `loss` and central differences.
/// @param values  float64
inline double GradientError(const at::Tensor& values,
                            const std::function<at::Tensor(const at::Tensor&)>& loss,
                            double step = 1e-5) {
  const at::Tensor variable = values.detach().clone().requires_grad_();
  const at::Tensor gradient = torch::autograd::grad({loss(variable)}, {variable})[0].reshape({-1});
  torch::NoGradGuard no_grad;
  // In the memory format of the values, which decides which kernels are tried.
  const at::Tensor copy = values.detach().clone();
  double worst = 0;
  for (int64_t i = 0; i < copy.numel(); ++i) {
    at::Tensor number = copy;
    int64_t rest = i;
    for (int64_t size = copy.numel(), dim = 0; dim < copy.dim(); ++dim) {
      size /= copy.size(dim);
      number = number[rest / size];
      rest %= size;
    }
    const double value = number.item<double>();
    number.fill_(value + step);
    const double above = loss(copy).item<double>();
    number.fill_(value - step);
    const double below = loss(copy).item<double>();
    number.fill_(value);
    worst = std::max(worst, std::abs(gradient[i].item<double>() - (above - below) / (2 * step)));
  }
  return worst;
}

}  // namespace seglab
