#include "base/digest.h"

#include <xxhash.h>

#include <cstdint>
#include <new>

namespace seglab {

struct Digest::State {
  XXH3_state_t* hash = XXH3_createState();
  ~State() { XXH3_freeState(hash); }
};

Digest::Digest() : state_(std::make_unique<State>()) {
  if (state_->hash == nullptr) throw std::bad_alloc();
  XXH3_128bits_reset(state_->hash);
}

Digest::~Digest() = default;

void Digest::Add(const void* bytes, size_t count) {
  XXH3_128bits_update(state_->hash, bytes, count);
}

void Digest::Add(std::string_view text) {
  const uint64_t length = text.size();
  Add(&length, sizeof length);
  Add(text.data(), text.size());
}

std::string Digest::Hex() const {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_->hash));
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned char byte : canonical.digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace seglab
