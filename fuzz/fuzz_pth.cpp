#include "fuzz_input.h"
#include "tensor/pth.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return seglab::fuzz::TryReader(seglab::ReadPth, data, size);
}
