#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace seglab {

/// SHA-256 or SHA-1 (FIPS 180-4) of what is added piece by piece: by them files are named across
/// machines.
class Sha {
 public:
  enum class Kind { kSha256, kSha1 };
  explicit Sha(Kind kind = Kind::kSha256);
  ~Sha();
  Sha(const Sha&) = delete;
  Sha& operator=(const Sha&) = delete;

  void Add(const void* bytes, size_t count);
  /// The 32 bytes (of SHA-1 20); nothing can be added behind it.
  std::string Bytes();
  /// The same as hexadecimal digits.
  std::string Hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Sha256Bytes(std::string_view bytes);

/// Of a file's bytes, as hexadecimal digits. SHA-1 is there to compare with what others state.
struct FileHashes {
  std::string sha256, sha1;
};

/// Reads the file piece by piece. @throws Error when it cannot be read
FileHashes HashesOfFile(const std::string& path);

}  // namespace seglab
