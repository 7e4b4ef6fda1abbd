#include "process_environment.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

namespace seglab {
namespace {

// Larger than any tensor: all come from the heap, and its end never goes back.
constexpr char kTunables[] =
    "glibc.malloc.mmap_threshold=1099511627776:glibc.malloc.trim_threshold=1099511627776:"
    "glibc.malloc.hugetlb=1";
constexpr char kGuard[] = "SEGLAB_ENVIRONMENT";  // number of the process that has it already

/// The processor whose kernels OpenBLAS shall take instead of its own choice; null: none. A release
/// takes those of 2004 for every processor that is newer than itself, without AVX.
const char* BetterKernels() {
#if defined(__x86_64__) && defined(__GNUC__)
  // Not linked: LibTorch may have another BLAS in it.
  const auto name =
      reinterpret_cast<const char* (*)()>(::dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  if (name == nullptr) return nullptr;
  constexpr std::array kOld = {"Prescott", "Core2", "Penryn", "Dunnington", "Nehalem", "Generic"};
  if (std::find(kOld.begin(), kOld.end(), std::string(name())) == kOld.end()) return nullptr;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return nullptr;
}

}  // namespace

void ProvideEnvironment(char** argv) {
  const std::string own = std::to_string(::getpid());
  const char* done = std::getenv(kGuard);
  if (done != nullptr && own == done) {
    ::unsetenv(kGuard);
    return;
  }
  bool news = false;
  const auto provide = [&news](const char* name, const char* value) {
    if (std::getenv(name) != nullptr) return;
    news = ::setenv(name, value, 1) == 0 || news;
  };
  provide("GLIBC_TUNABLES", kTunables);
  provide("OMP_WAIT_POLICY", "passive");
  if (const char* kernels = BetterKernels()) provide("OPENBLAS_CORETYPE", kernels);
  if (!news || ::setenv(kGuard, own.c_str(), 1) != 0) return;
  ::execv("/proc/self/exe", argv);
  ::unsetenv(kGuard);
}

}  // namespace seglab
