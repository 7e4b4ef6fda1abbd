#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "data/dataset.h"

namespace seglab {

/// Oxford-IIIT pets (Parkhi et al. 2012): background and pet, the border void.
///   root/images/<id>.jpg
///   root/annotations/trimaps/<id>.png                 1 = pet, 2 = background, 3 = border
///   root/annotations/{trainval,test}.txt              ids in the first column
const LabelSet& OxfordPetsLabels();
std::shared_ptr<const Dataset> MakeOxfordPets(const Json& options, const std::string& path);

}  // namespace seglab
