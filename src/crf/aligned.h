#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace seglab {

/// Floats aligned to a cache line that are not set to anything; what was there is lost when it
/// grows. Large ones lie in huge pages where the system gives them.
class AlignedFloats {
 public:
  void Reserve(size_t count) {
    if (count <= capacity_) return;
    floats_.reset();
    capacity_ = 0;
    const size_t bytes = count * sizeof(float);
    const size_t alignment = bytes < kHuge ? kLine : kHuge;
    const size_t whole = (bytes + alignment - 1) / alignment * alignment;
    floats_.reset(static_cast<float*>(std::aligned_alloc(alignment, whole)));
    if (!floats_) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
    if (alignment == kHuge) madvise(floats_.get(), whole, MADV_HUGEPAGE);
#endif
    capacity_ = count;
  }

  float* data() { return floats_.get(); }
  const float* data() const { return floats_.get(); }

 private:
  static constexpr size_t kLine = 64;
  static constexpr size_t kHuge = 2 << 20;
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };
  std::unique_ptr<float, Free> floats_;
  size_t capacity_ = 0;
};

}  // namespace seglab
