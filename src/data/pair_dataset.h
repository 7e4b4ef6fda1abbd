#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/image_file.h"
#include "data/mask_values.h"
#include "data/pair_list.h"

namespace seglab {

/// All that a data set of image and mask files is made of.
struct PairSource {
  std::string title;                        ///< begins messages: "folder"
  std::shared_ptr<const FileTable> images;  ///< where they were looked for
  MaskTables masks;
  std::shared_ptr<const FileTable>
      objects;                    ///< masks of objects, see Dataset::Objects; may be null
  std::string list;               ///< that named the samples, "" = none did
  std::string image_ending;       ///< of files that are missed, "" = any
  bool has_mask_pattern = false;  ///< whether the user can set "mask_pattern"
  std::vector<PairFiles> pairs;
  LabelSet labels;
  MaskValues values;
  bool tells_values = true;  ///< whether Settings say so where values mean themselves
  ImageView view = ImageView::kAsSeen;
};

/// Samples of image and mask files, each looked up once, when the data set is made.
std::shared_ptr<const Dataset> MakePairDataset(PairSource source);

}  // namespace seglab
