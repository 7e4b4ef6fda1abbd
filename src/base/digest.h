#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace seglab {

/// A 128-bit hash (XXH3) of what is added piece by piece: to recognise equal content, not to resist
/// forgery.
class Digest {
 public:
  Digest();
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  void Add(const void* bytes, size_t count);
  /// The text and its length, so that "ab", "c" and "a", "bc" differ.
  void Add(std::string_view text);
  /// 32 hexadecimal digits.
  std::string Hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace seglab
