#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace seglab {

/// What tells whether a tensor's numbers are still those of before: its memory, and how often it
/// was written to. LibTorch writes batch norm's running statistics without counting.
struct Stamp {
  const void* data = nullptr;
  int64_t version = 0;
  c10::Storage held = {};  // so that no other tensor comes to lie there

  bool operator==(const Stamp& other) const {
    return data == other.data && version == other.version;
  }
};

inline Stamp StampOf(const at::Tensor& tensor) {
  if (!tensor.defined()) return {};
  return {tensor.data_ptr(), tensor.is_inference() ? 0 : static_cast<int64_t>(tensor._version()),
          tensor.storage()};
}

}  // namespace seglab
