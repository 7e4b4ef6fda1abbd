#pragma once

#include <string>
#include <type_traits>

#include "base/error.h"
#include "base/json.h"

// What the Check() of options structs is made of. `where` names the options: their struct for users
// of the library, the JSON path ("model.backbone") for users of the program; the words are those of
// JsonReader.
namespace seglab {

/// @throws Error "where.member: must be between ..." unless min <= value <= max
template <typename T>
void CheckRange(const std::string& where, const char* member, T value, std::type_identity_t<T> min,
                std::type_identity_t<T> max) {
  if (value >= min && value <= max) return;
  throw Error(where, ".", member, ": must be between ", Json(min), " and ", Json(max), ", found ",
              Json(value));
}

/// @throws Error unless min <= value
template <typename T>
void CheckAtLeast(const std::string& where, const char* member, T value,
                  std::type_identity_t<T> min) {
  if (value >= min) return;
  throw Error(where, ".", member, ": must be at least ", Json(min), ", found ", Json(value));
}

/// Probability that a value is dropped. @throws Error outside 0 to 0.95
inline void CheckDropout(const std::string& where, double dropout) {
  CheckRange(where, "dropout", dropout, 0.0, 0.95);
}

}  // namespace seglab
