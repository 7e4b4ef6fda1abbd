#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace seglab {

/// What a reader may build in memory beside the mapped file: half of the file's size and a few
/// megabytes, so that a file of many tiny objects cannot grow to many times its size. Honest files
/// consist of tensor data and need a thousandth of it.
class MemoryBudget {
 public:
  MemoryBudget(const std::string& path, uint64_t file_size)
      : path_(path), left_(kAllowance + file_size / 2) {}

  /// @throws Error when no `bytes` are left
  void Charge(uint64_t bytes) {
    if (bytes > left_) {
      throw Error(path_,
                  ": describes far more objects than a weight file of its size needs; it is "
                  "damaged or made to exhaust memory");
    }
    left_ -= bytes;
  }
  /// A tensor beside its elements: implementation, storage, name.
  void ChargeTensor() { Charge(kTensor); }

 private:
  static constexpr uint64_t kAllowance = 32 << 20;
  static constexpr uint64_t kTensor = 768;

  std::string path_;
  uint64_t left_;
};

}  // namespace seglab
