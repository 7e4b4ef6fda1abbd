#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "data/dataset.h"

namespace seglab {

/// NYU Depth v2 (Silberman et al. 2012) with the 40 classes of Gupta et al. 2013, colors alone:
///   root/images/<id>.png
///   root/labels/<id>.png or .mat        0 = void, 1 ... 40 = classes
///   root/<split>.txt                    ids
const LabelSet& Nyudv2Labels();
std::shared_ptr<const Dataset> MakeNyudv2(const Json& options, const std::string& path);

}  // namespace seglab
