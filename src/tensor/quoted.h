#pragma once

#include <string>
#include <string_view>

namespace seglab {

/// A name from a file that nobody has checked, for a message: on one line and
/// of bounded length.
inline std::string Quoted(std::string_view text) {
  constexpr size_t kLongest = 120;
  std::string quoted = "\"";
  for (char letter : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(letter);
    quoted += byte < ' ' || byte == 0x7f ? '?' : letter;
  }
  return quoted + (text.size() > kLongest ? "...\"" : "\"");
}

}  // namespace seglab
