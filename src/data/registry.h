#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/dataset.h"

namespace seglab {

/// One row of the table of data sets.
struct DatasetRow {
  std::string name;
  std::string summary;              ///< one line for `seglab data list`
  std::vector<std::string> splits;  ///< the usual ones; empty: any list file of the data set
  bool needs_root = true;           ///< false: made on the fly, no files
};

const std::vector<DatasetRow>& DatasetRows();

/// Makes a data set from its JSON: {"name": "voc", "root": "...", "split": "train", ...}; the other
/// keys belong to the row and are checked by it. With "split": {...} a part of it is drawn, see
/// DrawnSplit; with "regions": {...} its samples are regions of the images, see RegionCropsOptions.
/// @throws Error on an unknown name, key or split, a missing folder, an empty split
std::shared_ptr<const Dataset> MakeDataset(const Json& options, const std::string& path = "data");

/// The splits that a data set has: the usual ones of its row, or what a folder holds; empty where
/// there is but the whole. @throws Error on an unknown name
std::vector<std::string> SplitsOf(const Json& options, const std::string& path = "data");

}  // namespace seglab
