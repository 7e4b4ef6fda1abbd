#include <unistd.h>
#include <cstdio>
#include <string>

#include "base/files.h"
#include "data/image_file.h"
#include "fuzz_text.h"

// Of any kind that is known, as a file in memory.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string path =
      (seglab::FolderExists("/dev/shm") ? "/dev/shm/seglab-fuzz-" : "/tmp/seglab-fuzz-") +
      std::to_string(::getpid());
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) std::abort();
  std::fwrite(data, 1, size, file);
  std::fclose(file);
  const int result =
      seglab::fuzz::TryBytes([](std::string_view) { seglab::ReadImage(path); }, data, size);
  std::remove(path.c_str());
  return result;
}
