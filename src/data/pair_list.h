#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/file_table.h"

namespace seglab {

/// The files of one sample.
struct PairFiles {
  std::string name;   ///< its stem
  std::string image;  ///< path; "" = there is none, but a list names it
  std::string mask;   ///< path; "" = there is none
};

/// Folders of masks, asked one after the other.
using MaskTables = std::vector<std::shared_ptr<const FileTable>>;

/// All images with the masks of their stems, sorted by stem. Where images and masks lie in one
/// folder, masks are no images.
/// @throws Error when there is no image, two of one stem, or an image is its own mask
std::vector<PairFiles> AllPairs(const FileTable& images, const MaskTables& masks);

/// The samples that a list names, one a line, in its order: a stem, with or without ending and
/// folder ("x", "x.jpg", "/JPEGImages/x.jpg"), or an image and its mask with a blank, tab, comma or
/// semicolon between them. Names may hold blanks.
/// @param first_column  what stands behind the first blank says other things
/// @param roots  folders that paths may be relative to, besides those of images and masks
/// @throws Error on an empty list, a line that is none of these, a sample named twice
std::vector<PairFiles> ListedPairs(const std::string& list, const FileTable& images,
                                   const MaskTables& masks, const std::vector<std::string>& roots,
                                   bool first_column = false);

bool AllHaveImages(const std::vector<PairFiles>& pairs);
bool AllHaveMasks(const std::vector<PairFiles>& pairs);

}  // namespace seglab
