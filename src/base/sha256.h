#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace seglab {

/// SHA-256 (FIPS 180-4) of what is added piece by piece: by it files are named across machines.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Add(const void* bytes, size_t count);
  /// The 32 bytes; nothing can be added behind it.
  std::string Bytes();
  /// The same as 64 hexadecimal digits.
  std::string Hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Sha256Bytes(std::string_view bytes);

/// 64 hexadecimal digits of a file's bytes, read piece by piece. @throws Error when it cannot be
/// read
std::string Sha256OfFile(const std::string& path);

}  // namespace seglab
