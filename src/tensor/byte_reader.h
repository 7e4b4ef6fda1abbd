#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/error.h"

namespace seglab {

/// Reads numbers and texts one after the other from bytes that it does not own. Whatever would
/// reach past the end throws.
class ByteReader {
 public:
  /// @param where  what the bytes are, for the message: "a.pth (pickle)"; must outlive the reader
  ByteReader(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where) {}
  ByteReader(std::string_view bytes, std::string&& where) = delete;

  size_t position() const { return position_; }
  size_t left() const { return bytes_.size() - position_; }

  std::string_view Take(uint64_t count) {
    if (count > left()) {
      throw Error(where_, ": ", count, " bytes are expected at byte ", position_, ", only ", left(),
                  " are left; the file is truncated or damaged");
    }
    const std::string_view taken = bytes_.substr(position_, count);
    position_ += count;
    return taken;
  }

  /// A number in two's complement, low byte first.
  template <typename T>
  T Read() {
    static_assert(std::is_integral_v<T>);
    std::make_unsigned_t<T> value = 0;
    const std::string_view taken = Take(sizeof(T));
    for (size_t i = sizeof(T); i-- > 0;) {
      value = static_cast<std::make_unsigned_t<T>>(static_cast<uint64_t>(value) << 8 |
                                                   static_cast<unsigned char>(taken[i]));
    }
    return static_cast<T>(value);
  }

  /// The text before the next line end, which is left out.
  std::string_view Line() {
    const size_t end = bytes_.find('\n', position_);
    const std::string_view line =
        Take(end == std::string_view::npos ? left() + 1 : end - position_);
    Take(1);
    return line;
  }

 private:
  std::string_view bytes_;
  const std::string& where_;
  size_t position_ = 0;
};

}  // namespace seglab
