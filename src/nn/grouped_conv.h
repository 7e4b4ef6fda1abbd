#pragma once

#include "nn/fast_conv.h"

namespace seglab {

/// A convolution in groups, depthwise ones among them, whose gradients are right in bfloat16 too.
/// On the CPU, LibTorch 1.13's oneDNN leaves part of the weights' gradient unwritten where a map
/// in channels-last memory is wider than 28 cells, the window dilated and a group narrower than 16
/// channels. Such a one trains in float32.
class GroupedConv2dImpl : public FastConv2dImpl {
 public:
  using FastConv2dImpl::FastConv2dImpl;
  at::Tensor forward(const at::Tensor& x);
};
TORCH_MODULE(GroupedConv2d);

}  // namespace seglab
