#include "base/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "base/error.h"

namespace seglab {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }

  static void Check(int worked) {
    if (worked != 1) throw std::runtime_error("OpenSSL cannot compute SHA-256");
  }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  State::Check(state_->context != nullptr &&
               EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::Add(const void* bytes, size_t count) {
  State::Check(EVP_DigestUpdate(state_->context, bytes, count));
}

std::string Sha256::Bytes() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes = {};
  unsigned int size = 0;
  State::Check(EVP_DigestFinal_ex(state_->context, bytes.data(), &size));
  return std::string(reinterpret_cast<const char*>(bytes.data()), size);
}

std::string Sha256::Hex() {
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
  Sha256 hash;
  hash.Add(bytes.data(), bytes.size());
  return hash.Bytes();
}

std::string Sha256OfFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path, ": cannot be read: ", std::strerror(errno));
  Sha256 hash;
  std::vector<char> piece(size_t{1} << 20);
  while (file) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    hash.Add(piece.data(), static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) throw Error(path, ": cannot be read: ", std::strerror(errno));
  return hash.Hex();
}

}  // namespace seglab
