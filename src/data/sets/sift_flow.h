#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "data/dataset.h"

namespace seglab {

/// SIFT Flow, LMO (Liu et al. 2009), 33 semantic classes:
///   root/Images/**/<id>.jpg
///   root/SemanticLabels/**/<id>.mat     "S": 0 = void, 1 ... 33 = classes
///   root/<split>.txt                    ids, with the folders below Images
const LabelSet& SiftFlowLabels();
std::shared_ptr<const Dataset> MakeSiftFlow(const Json& options, const std::string& path);

}  // namespace seglab
