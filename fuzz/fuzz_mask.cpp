#include "data/png_codec.h"
#include "fuzz_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return seglab::fuzz::TryBytes(
      [](std::string_view bytes) { seglab::DecodePngIndices(bytes, "fuzz"); }, data, size);
}
