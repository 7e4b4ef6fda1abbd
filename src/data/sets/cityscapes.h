#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "data/dataset.h"

namespace seglab {

/// Cityscapes (Cordts et al. 2016) as unpacked, 19 classes:
///   root/leftImg8bit/<split>/<city>/<stem>_leftImg8bit.png
///   root/gtFine/<split>/<city>/<stem>_gtFine_labelIds.png, or _labelTrainIds.png ("labels")
/// "masks": "gtCoarse" takes the coarse ones.
const LabelSet& CityscapesLabels();
std::shared_ptr<const Dataset> MakeCityscapes(const Json& options, const std::string& path);

}  // namespace seglab
