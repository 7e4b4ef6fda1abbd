#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/memory_budget.h"

namespace seglab {

/// One tensor in the header of a safetensors file.
struct SafetensorsEntry {
  std::string name;
  std::optional<at::ScalarType> type;  ///< none: of a kind that is not read here
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;  ///< bytes of the data
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  ///< in the order of the header
  std::map<std::string, std::string> metadata;
  std::map<std::string, std::string> unread;  ///< as TensorFile::unread
};

/// Reads the JSON header of a safetensors file in one pass and without a tree of JSON values, which
/// would be ten times the text. Strict: no comments, no unknown keys, nothing given twice; names of
/// 4 KiB, metadata texts of 4 MiB and tensors of 64 sides at most. Every entry's shape fits its
/// bytes, which lie in the data. Metadata that is no text, which others write, is its JSON; null is
/// left out.
/// @param data_size  bytes behind the header
/// @throws Error naming `path`
SafetensorsHeader ParseSafetensorsHeader(std::string_view text, uint64_t data_size,
                                         const std::string& path, MemoryBudget& budget);

}  // namespace seglab
