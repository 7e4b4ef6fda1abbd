#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "data/dataset.h"

namespace seglab {

/// PASCAL VOC's folder layout (Everingham et al., "The PASCAL Visual Object Classes Challenge"):
///
///   root/JPEGImages/<id>.jpg
///   root/SegmentationClass/<id>.png                 palette PNG, 21 classes, 255 = void
///   root/ImageSets/Segmentation/<split>.txt         one id a line
///
/// and, where `sbd` names their folder, SBD's labels (Hariharan et al. 2011); an id without one
/// falls back to its PNG:
///   <sbd>/cls/<id>.mat, <sbd>/cls/<id>.png, <sbd>/<id>.mat or <sbd>/<id>.png
struct VocOptions {
  std::string root;                              ///< folder that holds JPEGImages
  std::string split = "train";                   ///< name in `lists`, or path of a list file
  std::string images = "JPEGImages";             ///< below root, or absolute
  std::string masks = "SegmentationClass";       ///< below root, or absolute
  std::string lists = "ImageSets/Segmentation";  ///< below root, or absolute
  /// Folder of object masks <id>.png as VOC's SegmentationObject: palette PNG, 1 ... n, 255 = void;
  /// below root or absolute. Not every id needs one. "": none.
  std::string objects;
  std::string sbd;    ///< folder of SBD's labels, below root or absolute; asked first
  int64_t limit = 0;  ///< use only the first n ids; 0 = all
  static VocOptions FromJson(const Json& json, const std::string& path);
};

/// The 21 names and colors of VOC.
const LabelSet& VocLabels();

std::shared_ptr<const Dataset> MakeVoc(const VocOptions& options);

}  // namespace seglab
