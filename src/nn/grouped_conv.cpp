#include "nn/grouped_conv.h"

#include <torch/torch.h>

#include "tensor/compat.h"

namespace seglab {

at::Tensor GroupedConv2dImpl::forward(const at::Tensor& x) {
  const torch::ExpandingArray<2>& dilation = options.dilation();
  const bool dilated = dilation->at(0) > 1 || dilation->at(1) > 1;
  const bool trains_in_bfloat16 =
      at::GradMode::is_enabled() && x.device().is_cpu() && AutocastEnabled(at::kCPU);
  if (!dilated || !trains_in_bfloat16) return FastConv2dImpl::forward(x);
  const AutocastPause pause(at::kCPU);
  return Conv2dImpl::forward(x.to(at::kFloat)).to(at::kBFloat16);
}

}  // namespace seglab
