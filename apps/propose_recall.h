#pragma once

#include <memory>
#include <string>

#include "data/dataset.h"
#include "regions/proposal_cache.h"

namespace seglab {

/// Prints how well proposals cover the objects of a data set, boxes and masks, against their
/// number.
/// @param drawn    count objects that the data set has drawn alone, and leave out images without,
///                 which the log says; else the connected pieces of a class
/// @param threads  images at once
/// @param json     file to write the table to as well; "" = none
/// @throws Error when no image has objects
void PrintRecall(const Dataset& dataset, bool drawn, ProposalCache& cache, int threads,
                 const std::string& json);

}  // namespace seglab
