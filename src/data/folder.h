#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "data/dataset.h"

namespace seglab {

/// Images and masks of the same stem in two folders, with a JSON of the class names:
///
///   root/<images>/<stem>.jpg|.jpeg|.png|.bmp
///   root/<masks>/<stem>.png             8-bit grey or palette PNG of class indices
///   root/classes.json                   {"names": ["sky", ...], "palette": [[r, g, b], ...],
///                                       "values": {"255": 1}, "ignore": [11]}; "names" alone is
///                                       enough, "values" says what raw mask values mean, "ignore"
///                                       lists those that become kIgnoreLabel
///
/// With a split the folders are root/<split>/<images> and root/<split>/<masks>, if they exist, else
/// root/<split>.txt lists the stems.
struct FolderOptions {
  std::string root;
  std::string split;                     ///< "" = everything
  std::string images = "images";         ///< below root (or root/split), or absolute
  std::string masks = "masks";           ///< below root (or root/split), or absolute
  std::string classes = "classes.json";  ///< below root, or absolute
  int64_t limit = 0;                     ///< use only the first n; 0 = all
  static FolderOptions FromJson(const Json& json, const std::string& path);
};
std::shared_ptr<const Dataset> MakeFolder(const FolderOptions& options);

}  // namespace seglab
