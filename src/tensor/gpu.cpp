#include "tensor/gpu.h"

#include <ATen/Context.h>

#include <cstdlib>

namespace seglab {

void UseGpu(const c10::Device& device, const GpuWays& ways) {
  if (!device.is_cuda()) return;
  at::Context& context = at::globalContext();
  context.setAllowTF32CuBLAS(ways.tf32);
  context.setAllowTF32CuDNN(ways.tf32);
  // cuBLAS asks for it; read when its first handle is made.
  if (ways.deterministic) ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);
  context.setDeterministicAlgorithms(ways.deterministic, /*warn_only=*/true);
  context.setDeterministicCuDNN(ways.deterministic);
  context.setBenchmarkCuDNN(ways.search && !ways.deterministic);
}

}  // namespace seglab
