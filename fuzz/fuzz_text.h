#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "base/error.h"

namespace seglab::fuzz {

/// Calls a reader of bytes. An Error is as good as a result (where its text quotes a name with line
/// ends, the program makes one line of it); any other exception ends the program.
template <typename Read>
int TryBytes(const Read& read, const uint8_t* data, size_t size) {
  // A block of exactly that size, so that the address sanitizer sees each byte read beside it.
  char* copy = static_cast<char*>(std::malloc(size == 0 ? 1 : size));
  std::memcpy(copy, data, size);
  try {
    read(std::string_view(copy, size));
  } catch (const Error&) {
  }
  std::free(copy);
  return 0;
}

}  // namespace seglab::fuzz
