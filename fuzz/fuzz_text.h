#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.h"

namespace seglab::fuzz {

/// Calls a reader of bytes. An Error is as good as a result, if it is one line; any other exception
/// ends the program.
template <typename Read>
int TryBytes(const Read& read, const uint8_t* data, size_t size) {
  // A block of exactly that size, so that the address sanitizer sees each byte read beside it.
  char* copy = static_cast<char*>(std::malloc(size == 0 ? 1 : size));
  std::memcpy(copy, data, size);
  try {
    read(std::string_view(copy, size));
  } catch (const Error& error) {
    if (std::strchr(error.what(), '\n') != nullptr) std::abort();
  }
  std::free(copy);
  return 0;
}

}  // namespace seglab::fuzz
