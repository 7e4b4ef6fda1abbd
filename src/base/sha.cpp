#include "base/sha.h"

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "base/error.h"

namespace seglab {

struct Sha::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }

  static void Check(int worked) {
    if (worked != 1) throw std::runtime_error("OpenSSL cannot compute SHA-256");
  }
};

Sha::Sha(Kind kind) : state_(std::make_unique<State>()) {
  State::Check(state_->context != nullptr &&
               EVP_DigestInit_ex(state_->context, kind == Kind::kSha1 ? EVP_sha1() : EVP_sha256(),
                                 nullptr) == 1);
}

Sha::~Sha() = default;

void Sha::Add(const void* bytes, size_t count) {
  State::Check(EVP_DigestUpdate(state_->context, bytes, count));
}

std::string Sha::Bytes() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes = {};
  unsigned int size = 0;
  State::Check(EVP_DigestFinal_ex(state_->context, bytes.data(), &size));
  return std::string(reinterpret_cast<const char*>(bytes.data()), size);
}

std::string Sha::Hex() {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (char c : Bytes()) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string Sha256Bytes(std::string_view bytes) {
  Sha hash;
  hash.Add(bytes.data(), bytes.size());
  return hash.Bytes();
}

FileHashes HashesOfFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path, ": cannot be read: ", std::strerror(errno));
  Sha sha256, sha1(Sha::Kind::kSha1);
  std::vector<char> piece(size_t{1} << 20);
  while (file) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    sha256.Add(piece.data(), static_cast<size_t>(file.gcount()));
    sha1.Add(piece.data(), static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) throw Error(path, ": cannot be read: ", std::strerror(errno));
  return {sha256.Hex(), sha1.Hex()};
}

}  // namespace seglab
