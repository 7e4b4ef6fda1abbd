#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/files.h"

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

/// The same of a file in memory that holds the bytes. @param read  takes its path
template <typename Read>
int TryFile(const Read& read, const uint8_t* data, size_t size) {
  static const std::string path =
      (FolderExists("/dev/shm") ? "/dev/shm/seglab-fuzz-" : "/tmp/seglab-fuzz-") +
      std::to_string(::getpid());
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr || std::fwrite(data, 1, size, file) != size) std::abort();
  std::fclose(file);
  const int result = TryBytes([&read](std::string_view) { read(path); }, data, size);
  std::remove(path.c_str());
  return result;
}

}  // namespace seglab::fuzz
