#include "fuzz_input.h"
#include "tensor/caffemodel.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return seglab::fuzz::TryReader(seglab::ReadCaffemodel, data, size);
}
