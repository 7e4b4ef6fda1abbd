#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tensor/tensor_file.h"

namespace seglab::fuzz {

/// Gives the bytes to a reader as if they were a file and looks at all that it returns. An Error is
/// as good as a result, if it is one line; any other exception, and memory that is not the file's,
/// ends the program.
int TryReader(TensorFile (*read)(const std::string& path), const uint8_t* data, size_t size);

}  // namespace seglab::fuzz
