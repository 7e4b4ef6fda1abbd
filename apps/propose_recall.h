#pragma once

#include <memory>
#include <string>

#include "data/dataset.h"
#include "regions/proposal_cache.h"

namespace seglab {

/// What `seglab propose --dataset` counts as objects.
struct ObjectSource {
  std::string folder;  ///< of palette PNGs <name>.png: 0 background, 1 ... objects, 255 void; "":
                       ///< the connected pieces of a class in the label map
};

/// Prints how well proposals cover the objects of a data set, boxes and masks, against their
/// number. Images without a file of objects are left out, which the log says.
/// @param threads  images at once
/// @param json     file to write the table to as well; "" = none
/// @throws Error when no image has objects
void PrintRecall(const Dataset& dataset, const ObjectSource& source, ProposalCache& cache,
                 int threads, const std::string& json);

}  // namespace seglab
