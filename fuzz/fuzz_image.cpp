#include "data/image_file.h"
#include "fuzz_text.h"

// Of any kind that is known.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return seglab::fuzz::TryFile([](const std::string& path) { seglab::ReadImage(path); }, data,
                               size);
}
