#pragma once

#include <string>

#include "base/test_error.h"
#include "tensor/tensor_file.h"

// Safetensors files by hand.
namespace seglab {

using namespace std::string_literals;  // NOLINT: of tests alone

/// The format by hand: header length in 8 bytes, low byte first, header, data.
inline std::string FileBytes(const std::string& header, const std::string& data) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return bytes + header + data;
}

/// What reading the file says; "" when it is accepted. Anything but an Error fails the test.
inline std::string FileMessage(const std::string& path) {
  return ErrorOf([&] { ReadSafetensors(path); });
}

/// A file with two tensors, one of them 0-dimensional, and metadata.
inline std::string SmallFile() {
  return FileBytes(R"({"__metadata__":{"k":"v"},)"
                   R"("a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
                   R"("b":{"dtype":"U8","shape":[],"data_offsets":[8,9]}})",
                   "\x00\x00\x80\x3f\x00\x00\x00\xc0\x07"s);
}

}  // namespace seglab
