#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/dataset.h"
#include "data/image_file.h"

namespace seglab {

/// Images and masks of the same stem in two folders and those below them, with a JSON of the class
/// names:
///
///   root/<images>/<stem>.jpg            any kind of picture, its ending in any case
///   root/<masks>/<stem>.png             see ReadLabelMap
///   root/classes.json                   see ClassesFromJson; {"names": ["sky", ...]} is enough
///
/// With a split the folders are root/<split>/<images> and root/<split>/<masks>, or
/// root/<images>/<split> and root/<masks>/<split>, where they exist, else root/<split>.txt lists
/// the samples, see ListedPairs.
struct FolderOptions {
  std::string root;
  std::string split;                     ///< "" = everything
  std::string images = "images";         ///< below root (or root/split), or absolute
  std::string masks = "masks";           ///< below root (or root/split), or absolute
  std::string image_pattern = "{stem}";  ///< names of images without ending: "{stem}_leftImg8bit"
  std::string mask_pattern = "{stem}";   ///< names of masks without ending: "{stem}_mask"
  Json classes = "classes.json";         ///< a file below root, or absolute; or what it says
  ImageView view = ImageView::kAsSeen;   ///< "orientation": "seen" or "stored", of EXIF
  int64_t limit = 0;                     ///< use only the first n; 0 = all
  static FolderOptions FromJson(const Json& json, const std::string& path);
};
std::shared_ptr<const Dataset> MakeFolder(const FolderOptions& options);

/// The splits that the folders and lists in `root` give, sorted.
std::vector<std::string> FolderSplits(const FolderOptions& options);

}  // namespace seglab
