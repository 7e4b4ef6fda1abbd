#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "data/dataset.h"

namespace seglab {

/// ADE20K of the scene parsing challenge (Zhou et al. 2017), ADEChallengeData2016, 150 classes:
///   root/images/{training,validation}/<stem>.jpg
///   root/annotations/{training,validation}/<stem>.png   0 = other (void), 1 ... 150 = classes
const LabelSet& Ade20kLabels();
std::shared_ptr<const Dataset> MakeAde20k(const Json& options, const std::string& path);

}  // namespace seglab
