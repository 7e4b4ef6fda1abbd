#include "tensor/device.h"

#include <torch/nn/module.h>

namespace seglab {

c10::Device DeviceOf(const torch::nn::Module& module) {
  const auto parameters = module.parameters();
  return parameters.empty() ? c10::Device(at::kCPU) : parameters.front().device();
}

}  // namespace seglab
