#include "data/mat5.h"
#include "fuzz_text.h"

// The bytes as SBD's labels, and as what an element of such a file unpacks to.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return seglab::fuzz::TryBytes(
      [](std::string_view bytes) {
        if (seglab::MatKindOf(bytes) == seglab::MatKind::kMat5)
          seglab::ReadMat5Bytes(bytes, "GTcls", "Segmentation", "fuzz");
      },
      data, size);
}
