#pragma once

#include <string>
#include <string_view>

namespace seglab {

/// What a file is that people bring in place of a weight file, and what to do: "an ONNX file; ...".
/// Told by its first bytes; "" where they tell nothing.
std::string ForeignFile(std::string_view bytes);

}  // namespace seglab
