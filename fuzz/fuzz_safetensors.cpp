#include "fuzz_input.h"
#include "tensor/tensor_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return seglab::fuzz::TryReader(seglab::ReadSafetensors, data, size);
}
