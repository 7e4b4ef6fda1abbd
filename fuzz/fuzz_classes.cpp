#include "base/json.h"
#include "data/classes.h"
#include "fuzz_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return seglab::fuzz::TryBytes(
      [](std::string_view bytes) {
        seglab::ClassesFromJson(seglab::ParseJson(bytes, "fuzz"), "fuzz");
      },
      data, size);
}
