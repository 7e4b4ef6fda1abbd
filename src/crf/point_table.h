#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "crf/huge_vector.h"

namespace seglab {

/// Keys of a lattice's points, see LatticeDigits.
using NarrowKey = uint64_t;
using WideKey = unsigned __int128;

inline constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

/// No point has this key.
template <typename Key>
inline constexpr Key kEmpty = ~Key{0};

inline uint64_t Mix(uint64_t key) {
  key *= 0x9E3779B97F4A7C15u;
  return key ^ (key >> 32);
}
inline uint64_t Hash(uint64_t key) { return Mix(key) * 0xD6E8FEB86659FD93u; }
inline uint64_t Hash(WideKey key) {
  return Hash(static_cast<uint64_t>(key) ^ Mix(static_cast<uint64_t>(key >> 64) + 1));
}

/// Keys to numbers, open addressing.
template <typename Key>
class Table {
 public:
  void Clear(size_t expected) {
    const size_t slots = std::bit_ceil(std::max<size_t>(expected * 2, 1024));
    keys_.assign(std::max(slots, keys_.size()), kEmpty<Key>);
    values_.resize(keys_.size());
    mask_ = keys_.size() - 1;
    used_ = 0;
  }

  void Prefetch(uint64_t hash) const { __builtin_prefetch(&keys_[Slot(hash)]); }

  /// The key's number; a new key gets the next one.
  uint32_t FindOrAdd(Key key, uint64_t hash, bool& added) {
    for (size_t slot = Slot(hash);; slot = (slot + 1) & mask_) {
      if (keys_[slot] == key) {
        added = false;
        return values_[slot];
      }
      if (keys_[slot] == kEmpty<Key>) {
        added = true;
        keys_[slot] = key;
        const auto number = static_cast<uint32_t>(used_++);
        values_[slot] = number;
        if (used_ * 2 > keys_.size()) Grow();
        return number;
      }
    }
  }

  uint32_t Find(Key key, uint64_t hash) const {
    for (size_t slot = Slot(hash);; slot = (slot + 1) & mask_) {
      if (keys_[slot] == key) return values_[slot];
      if (keys_[slot] == kEmpty<Key>) return kNone;
    }
  }

 private:
  size_t Slot(uint64_t hash) const { return (hash >> 8) & mask_; }

  void Grow() {
    HugeVector<Key> keys(keys_.size() * 4, kEmpty<Key>);
    HugeVector<uint32_t> values(keys.size());
    keys.swap(keys_);
    values.swap(values_);
    mask_ = keys_.size() - 1;
    for (size_t i = 0; i < keys.size(); ++i) {
      if (keys[i] == kEmpty<Key>) continue;
      size_t slot = Slot(Hash(keys[i]));
      while (keys_[slot] != kEmpty<Key>) slot = (slot + 1) & mask_;
      keys_[slot] = keys[i];
      values_[slot] = values[i];
    }
  }

  HugeVector<Key> keys_;
  HugeVector<uint32_t> values_;
  size_t mask_ = 0;
  size_t used_ = 0;
};

}  // namespace seglab
