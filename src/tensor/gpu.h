#pragma once

#include <c10/core/Device.h>

namespace seglab {

/// How a GPU computes from now on, in this process; without effect on a CPU. cuDNN's and cuBLAS's.
struct GpuWays {
  bool tf32 = false;  ///< products of float32 with ten bits behind the point, on tensor cores
  /// The same bits each time: no kernel that adds in an order of its own. An operator that has no
  /// other is named by LibTorch in a warning.
  bool deterministic = false;
  bool search = false;  ///< the quickest kernel of each shape is looked for: where shapes repeat
};

void UseGpu(const c10::Device& device, const GpuWays& ways);

}  // namespace seglab
