#pragma once

#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <vector>

namespace seglab {

/// One proposal: a union of leaves of one hierarchy.
struct Region {
  cv::Rect box;             ///< tight, in pixels of the image
  int hierarchy = 0;        ///< index into the set's hierarchies
  int first = 0, last = 0;  ///< its leaves are [first, last): every region is a run of leaves
  int level = 0;  ///< of the merge that made it: 1 = the last one (whole image), larger = earlier;
                  ///< leaves have the largest, their number
  int64_t area = 0;  ///< pixels of the image
  float score = 0;   ///< higher = ranked earlier

  bool operator==(const Region&) const = default;
};

/// Proposals of one image, best first, with free-form masks.
///
/// An over-segmentation of the image at working resolution, a *segment map*, serves several
/// hierarchies; each numbers the segments anew, so that all its regions are runs of *leaves*. A
/// pixel of the image belongs to the segment at the nearest pixel of the segment map.
class RegionSet {
 public:
  /// What a hierarchy is, as far as masks need it.
  struct Hierarchy {
    int segment_map = 0;               ///< index into segment_maps()
    std::vector<int> leaf_of_segment;  ///< a permutation

    bool operator==(const Hierarchy&) const = default;
  };

  RegionSet() = default;
  /// @param segment_maps  CV_32SC1, segments 0 ... n - 1; of any size
  /// @param hierarchies   leaf_of_segment is a permutation of 0 ... n - 1
  /// @param regions       boxes inside the image, hierarchies and runs that exist
  /// @throws Error where one of these does not hold, which a damaged file may bring about
  RegionSet(int height, int width, std::vector<cv::Mat> segment_maps,
            std::vector<Hierarchy> hierarchies, std::vector<Region> regions);

  int height() const { return height_; }  ///< of the image, pixels
  int width() const { return width_; }    ///< of the image, pixels
  const std::vector<Region>& regions() const { return regions_; }

  /// CV_8UC1 of the box's size, 1 inside, 0 outside.
  cv::Mat Mask(size_t region) const;

  /// The leaf of each pixel of the image, CV_32SC1, height x width. Region r of this hierarchy is
  /// where first <= leaf < last.
  cv::Mat LeafMap(int hierarchy) const;

  const std::vector<cv::Mat>& segment_maps() const { return segment_maps_; }
  const std::vector<Hierarchy>& hierarchies() const { return hierarchies_; }

  /// Keeps the first `count` regions.
  void Truncate(size_t count);

 private:
  int height_ = 0, width_ = 0;
  std::vector<cv::Mat> segment_maps_;
  std::vector<Hierarchy> hierarchies_;
  std::vector<Region> regions_;
};

/// For each of `size` pixels the index of the nearest of `working` pixels that cover the same
/// length.
std::vector<int> NearestIndices(int size, int working);

}  // namespace seglab
