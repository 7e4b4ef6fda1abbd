#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "data/dataset.h"

namespace seglab {

/// COCO-Stuff (Caesar et al. 2018) on COCO 2017, 171 classes of things and stuff:
///   root/images/<split>2017/<id>.jpg
///   root/annotations/<split>2017/<id>.png   pixel maps, category less 1, 255 = void
const LabelSet& CocoStuffLabels();
std::shared_ptr<const Dataset> MakeCocoStuff(const Json& options, const std::string& path);

}  // namespace seglab
