#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "data/dataset.h"

namespace seglab {

/// PASCAL-Context (Mottaghi et al. 2014) in VOC 2010, "classes": 60 with background, or 59:
///   root/JPEGImages/<id>.jpg
///   root/SegmentationClassContext/<id>.png              0 = background, 1 ... 59 = classes
///   root/ImageSets/SegmentationContext/<split>.txt      ids
const LabelSet& PascalContextLabels();
std::shared_ptr<const Dataset> MakePascalContext(const Json& options, const std::string& path);

}  // namespace seglab
