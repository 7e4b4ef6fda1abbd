#pragma once

#include <c10/core/ScalarType.h>

#include <optional>
#include <string_view>

// The types of elements that weight files may hold, under safetensors' names.

namespace seglab {

struct ElementType {
  std::string_view name;
  at::ScalarType type;
};
inline constexpr ElementType kElementTypes[] = {
    {"F64", at::kDouble}, {"I64", at::kLong},      {"F32", at::kFloat}, {"I32", at::kInt},
    {"F16", at::kHalf},   {"BF16", at::kBFloat16}, {"I16", at::kShort}, {"I8", at::kChar},
    {"U8", at::kByte},    {"BOOL", at::kBool}};

inline std::optional<at::ScalarType> ElementTypeByName(std::string_view name) {
  for (const ElementType& row : kElementTypes) {
    if (row.name == name) return row.type;
  }
  return std::nullopt;
}

/// "" for a type that weight files cannot hold.
inline std::string_view ElementTypeName(at::ScalarType type) {
  for (const ElementType& row : kElementTypes) {
    if (row.type == type) return row.name;
  }
  return "";
}

}  // namespace seglab
