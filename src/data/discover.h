#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace seglab {

/// What a folder of one's own pictures holds, found by looking.
struct FoundData {
  std::string images, masks;       ///< folders below the root; "." = the root
  std::string mask_pattern;        ///< names of masks without ending: "{stem}_mask"
  Json classes = Json::object();   ///< as a classes.json says them
  bool classes_are_there = false;  ///< the folder has its own classes.json
  bool has_splits = false;         ///< "train" and "val", by folders or lists
  int64_t pairs = 0, without_mask = 0;
  int min_height = 0, max_height = 0, min_width = 0, max_width = 0;  ///< pixels
  std::vector<std::string> notes;  ///< for people: what was taken for what
};

/// Looks for pictures and their masks in a folder and the folders in it, and at what values or
/// colors the masks have: 0 and 255 are background and object, 255 beside other values is void,
/// values that lie apart and colors get a class each, very many values in a row number objects.
/// @param root     its path
/// @param at_most  masks that are read, spread evenly
/// @throws Error where there are no pairs, or the masks are no masks
FoundData DiscoverData(const std::string& root, int64_t at_most = 500);

}  // namespace seglab
