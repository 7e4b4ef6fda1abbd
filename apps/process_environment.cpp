#include "process_environment.h"

#include <dlfcn.h>
#include <stdlib.h>

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

/// The processor whose kernels OpenBLAS shall take instead of its own choice; null: none. A release
/// takes those of 2004 for every processor that is newer than itself, without AVX.
const char* BetterKernels() {
#if defined(__x86_64__) && defined(__GNUC__)
  // What a LibTorch of the system takes for its BLAS; another one has its own within it.
  void* blas = ::dlopen("libblas.so.3", RTLD_LAZY | RTLD_LOCAL);
  if (blas == nullptr) return nullptr;
  const auto name = reinterpret_cast<const char* (*)()>(::dlsym(blas, "openblas_get_corename"));
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

void Provide(const char* name, const char* value) { ::setenv(name, value, /*overwrite=*/0); }

}  // namespace

void ProvideEnvironment(bool computes) {
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) Provide("GOMP_SPINCOUNT", "1000");
  if (std::getenv("OPENBLAS_CORETYPE") == nullptr) {
    if (const char* kernels = BetterKernels()) Provide("OPENBLAS_CORETYPE", kernels);
  }
  if (computes) Provide("GLIBC_TUNABLES", kTunables);
  // c10d remarks on each attempt to meet; what goes wrong is said once, by us.
  Provide("TORCH_CPP_LOG_LEVEL", "ERROR");
  Provide("GLOG_minloglevel", "2");
}

}  // namespace seglab
