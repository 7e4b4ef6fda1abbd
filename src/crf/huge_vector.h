#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

namespace seglab {

/// Memory that begins at a cache line; large pieces lie in huge pages where the system gives them,
/// since random access to tens of megabytes in small ones costs more in page tables than in data.
template <typename T>
class HugeAllocator {
 public:
  using value_type = T;

  HugeAllocator() = default;
  template <typename U>
  HugeAllocator(const HugeAllocator<U>&) {}  // NOLINT: allocators convert

  T* allocate(size_t count) {
    const size_t bytes = count * sizeof(T);
    const size_t alignment = bytes < kHugePage ? kCacheLine : kHugePage;
    const size_t whole = (bytes + alignment - 1) / alignment * alignment;
    void* memory = std::aligned_alloc(alignment, whole);
    if (memory == nullptr) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
    if (alignment == kHugePage) madvise(memory, whole, MADV_HUGEPAGE);
#endif
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, size_t) { std::free(memory); }

  bool operator==(const HugeAllocator&) const { return true; }

 private:
  static constexpr size_t kCacheLine = 64;
  static constexpr size_t kHugePage = size_t{2} << 20;
};

template <typename T>
using HugeVector = std::vector<T, HugeAllocator<T>>;

/// Makes room for `count` elements, whose values mean nothing; what is there already is kept as it
/// is, so that another image of the same size costs nothing.
template <typename T>
void Reserve(HugeVector<T>& vector, size_t count) {
  if (vector.size() < count) {
    vector.clear();
    vector.resize(count);
  }
}

}  // namespace seglab
