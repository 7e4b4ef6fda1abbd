#include "data/region_truth.h"

#include <algorithm>

#include "regions/overlaps.h"

namespace seglab {

std::vector<RegionShape> ObjectShapes(const ObjectMap& map) {
  std::vector<RegionShape> shapes;
  for (const int id : map.objects) {
    const cv::Rect box = BoxOf(map, id);
    shapes.push_back({box, map.ids(box) == id});
  }
  return shapes;
}

std::vector<float> ClassOverlaps(const RegionSet& set, const ObjectMap& map, int classes) {
  const size_t regions = set.regions().size();
  const auto columns = static_cast<size_t>(classes);
  std::vector<float> overlaps(regions * columns, 0);
  const OverlapTable table = Overlaps(set, map.ids);
  for (size_t column = 0; column < table.objects().size(); ++column) {
    const int id = table.objects()[column];
    const auto found = std::lower_bound(map.objects.begin(), map.objects.end(), id);
    // An object that has no class is none.
    if (found == map.objects.end() || *found != id) continue;
    const auto label = static_cast<size_t>(map.classes[found - map.objects.begin()] - 1);
    for (size_t region = 0; region < regions; ++region) {
      float& best = overlaps[region * columns + label];
      best = std::max(best, static_cast<float>(table.Overlap(region, column)));
    }
  }
  return overlaps;
}

void DropSmallObjects(ObjectMap& map, int min_side) {
  size_t kept = 0;
  for (size_t i = 0; i < map.objects.size(); ++i) {
    const cv::Rect box = BoxOf(map, map.objects[i]);
    if (std::min(box.width, box.height) < min_side) continue;
    map.objects[kept] = map.objects[i];
    map.classes[kept++] = map.classes[i];
  }
  map.objects.resize(kept);
  map.classes.resize(kept);
}

}  // namespace seglab
