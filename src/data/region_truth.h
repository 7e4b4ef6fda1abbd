#pragma once

#include <vector>

#include "data/objects.h"
#include "regions/region_crop.h"
#include "regions/region_set.h"

// What is true of an image's regions, as R-CNN's classifiers are taught it.
namespace seglab {

/// Each object's box and mask, in the order of map.objects.
std::vector<RegionShape> ObjectShapes(const ObjectMap& map);

/// regions x classes, row by row: the best overlap (intersection over union, 0 to 1, pixels of void
/// left out) of each region with an object of each class. Column c is class c + 1.
/// @param classes  without the background
/// @throws Error when the map has another size than the image of the set
std::vector<float> ClassOverlaps(const RegionSet& set, const ObjectMap& map, int classes);

/// Forgets objects whose box is narrower or lower than this: specks that an occluder or a mask's
/// border cut off, which teach nothing about their class.
/// @param min_side  pixels
void DropSmallObjects(ObjectMap& map, int min_side);

}  // namespace seglab
