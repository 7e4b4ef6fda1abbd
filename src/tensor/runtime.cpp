#include "tensor/runtime.h"

#ifdef __linux__
#include <sched.h>
#endif
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <thread>

#include "base/error.h"
#include "tensor/compat.h"

namespace seglab {
namespace {

int sharing = 1;  ///< processes

/// Cores that a cgroup v2 quota allows; a large number when there is none.
int QuotaCores() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  double quota = 0, period = 0;
  if (!(file >> quota >> period) || quota <= 0 || period <= 0) return 1 << 20;
  return std::max(1, static_cast<int>(std::ceil(quota / period)));
}

}  // namespace

int UsableCores() {
#ifdef __linux__
  cpu_set_t set;
  CPU_ZERO(&set);
  const int cores = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
#else
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
#endif
  return std::max(1, std::min(cores, QuotaCores()) / sharing);
}

void ShareCores(int processes) { sharing = std::max(1, processes); }

void SetUpRuntime(int threads) {
  at::set_num_threads(threads > 0 ? threads : UsableCores());
  at::globalContext().setFlushDenormal(true);
}

c10::Device PickDevice(const std::string& name) {
  if (name == "auto")
    return torch::cuda::is_available() ? c10::Device("cuda:0") : c10::Device("cpu");
  bool known = name == "cpu" || name == "cuda" || name.rfind("cuda:", 0) == 0;
  if (known) {
    try {
      c10::Device device(name == "cuda" ? "cuda:0" : name);
      if (device.is_cpu()) return device;
      int count = static_cast<int>(torch::cuda::device_count());
      if (device.index() < count) return device;
      throw Error("device: ", name, " is not there, this LibTorch sees ", count,
                  " GPUs; take another or \"cpu\"");
    } catch (const c10::Error&) {
    }
  }
  throw Error("device: \"", name, "\" is no device; known: auto, cpu, cuda, cuda:0, cuda:1, ...");
}

std::string TorchVersion() {
  return StrCat(TORCH_VERSION_MAJOR, ".", TORCH_VERSION_MINOR, ".", TORCH_VERSION_PATCH);
}

std::string DescribeRuntime(const c10::Device& device) {
  return StrCat("LibTorch ", TorchVersion(), ", ", device.str(), ", ", at::get_num_threads(),
                at::get_num_threads() == 1 ? " thread" : " threads");
}

}  // namespace seglab
