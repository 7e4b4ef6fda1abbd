#pragma once

#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <vector>

#include "regions/region_set.h"

namespace seglab {

/// How much each region of a set and each object of an image have in common, in pixels of the
/// image. Pixels that are void count for neither.
class OverlapTable {
 public:
  size_t regions() const { return region_area_.size(); }
  /// The labels that stand in the image, ascending. Columns of the table are indices into it.
  const std::vector<int>& objects() const { return objects_; }

  int64_t Intersection(size_t region, size_t object) const {
    return intersection_[region * objects_.size() + object];
  }
  int64_t Union(size_t region, size_t object) const {
    return region_area_[region] + object_area_[object] - Intersection(region, object);
  }
  /// Intersection over union, 0 to 1.
  double Overlap(size_t region, size_t object) const {
    return static_cast<double>(Intersection(region, object)) /
           static_cast<double>(Union(region, object));
  }
  int64_t region_area(size_t region) const { return region_area_[region]; }  ///< without void
  int64_t object_area(size_t object) const { return object_area_[object]; }

 private:
  friend OverlapTable Overlaps(const RegionSet& set, const cv::Mat& objects);

  std::vector<int> objects_;
  std::vector<int64_t> object_area_, region_area_, intersection_;
};

/// Takes O(pixels) for each over-segmentation and O(regions x objects).
/// @param objects  CV_8UC1 or CV_16UC1 of the image's size: 0 = no object, 255 = void, else an
///                 object's label
/// @throws Error on another size or type
OverlapTable Overlaps(const RegionSet& set, const cv::Mat& objects);

}  // namespace seglab
