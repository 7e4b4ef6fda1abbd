#include "base/memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#ifdef __GLIBC__  // known behind any header of the library
#include <malloc.h>
#endif

namespace seglab {

namespace {

constexpr double kUnknown = std::numeric_limits<double>::infinity();

double NumberIn(const char* path) {
  std::ifstream file(path);
  double bytes = 0;
  return file >> bytes ? bytes : kUnknown;
}

double SystemAvailable() {
  std::ifstream file("/proc/meminfo");
  std::string name, unit;
  double kilobytes = 0;
  while (file >> name >> kilobytes) {
    if (name == "MemAvailable:") return kilobytes * 1024;
    std::getline(file, unit);
  }
#ifdef _SC_PHYS_PAGES  // no Linux
  const auto pages = static_cast<double>(::sysconf(_SC_PHYS_PAGES));
  if (pages > 0) return pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
#endif
  return kUnknown;
}

/// Of cgroup v2. "max" is no number: no limit.
double CgroupAvailable() {
  const double limit = NumberIn("/sys/fs/cgroup/memory.max");
  const double used = NumberIn("/sys/fs/cgroup/memory.current");
  return limit == kUnknown || used == kUnknown ? kUnknown : std::max(0.0, limit - used);
}

}  // namespace

double AvailableMemory() {
#ifdef __GLIBC__
  ::malloc_trim(0);  // what the heap keeps of freed memory is available too
#endif
  return std::min(SystemAvailable(), CgroupAvailable());
}

int64_t PeakMemory() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
  return usage.ru_maxrss;  // bytes there, KiB elsewhere
#else
  return int64_t{1024} * usage.ru_maxrss;
#endif
}

}  // namespace seglab
