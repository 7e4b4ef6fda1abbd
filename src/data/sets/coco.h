#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "data/dataset.h"

namespace seglab {

/// COCO (Lin et al. 2014): objects or panoptic segments of a JSON, made label maps as they are
/// read.
///
///   root/<images>/<file_name>                  "images": <split>2017, images/<split>2017 or images
///   root/<annotations>                         "annotations":
///   annotations/instances_<split>2017.json,
///                                              annotations.json, or a panoptic_...json
///   root/<masks>/<file_name>                   of panoptic ones: the JSON's name without ending
///
/// Objects: class 0 is background, then the JSON's categories in its order; small objects lie on
/// large ones, crowds are void. Panoptic: the categories alone, what is in no segment is void. A
/// list root/<split>.txt, or a path, names images without ending; else all that have a file.
std::shared_ptr<const Dataset> MakeCoco(const Json& options, const std::string& path);

}  // namespace seglab
