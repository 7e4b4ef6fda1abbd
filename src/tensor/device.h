#pragma once

#include <c10/core/Device.h>

namespace torch::nn {
class Module;
}

namespace seglab {

/// The device of a module's first parameter; the CPU where it has none.
c10::Device DeviceOf(const torch::nn::Module& module);

}  // namespace seglab
