#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "data/dataset.h"
#include "data/image_file.h"
#include "data/mask_values.h"

namespace seglab {

// What the data sets of image and mask files have in common.

/// Reads an image and its mask, see ReadLabelMap.
/// @throws Error naming the file or files: missing, unreadable, sizes differ, label out of range
Sample ReadPair(const std::string& name, const std::string& image_path,
                const std::string& mask_path, const LabelSet& labels, const MaskValues& values = {},
                ImageView view = ImageView::kAsSeen);

/// "root", which must be there.
/// @throws Error saying where users name it
std::string RequireRoot(JsonReader& reader);

/// @throws Error when `root` is empty or no folder
void CheckRoot(const std::string& root, const std::string& dataset);

/// The names of the folders in `folder`, sorted; empty when it cannot be read.
std::vector<std::string> ListFolders(const std::string& folder);

/// " (did you mean <folder>? It holds <name>)" when a folder at most three levels below `root`, or
/// the one above it, holds a folder `name`; else "".
std::string NearbyRootHint(const std::string& root, const std::string& name);

/// Keeps the first `limit` elements; all when it is 0.
template <typename T>
void KeepFirst(std::vector<T>& elements, int64_t limit) {
  if (limit > 0 && limit < static_cast<int64_t>(elements.size())) elements.resize(limit);
}

}  // namespace seglab
