#pragma once

#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <vector>

#include "regions/region_set.h"

namespace seglab {

/// How well the first so many proposals of each image cover its objects.
struct CoveragePoint {
  int proposals = 0;     ///< of an image at most; 0: all
  double recall_50 = 0;  ///< share of objects with a proposal that overlaps at least 0.5
  double recall_70 = 0;  ///< at least 0.7
  double mean_best = 0;  ///< mean over objects of the best overlap
};

/// Coverage against the number of proposals, over many objects.
class CoverageCurve {
 public:
  /// @param counts  numbers of proposals, 0 = all
  explicit CoverageCurve(std::vector<int> counts = {10, 30, 100, 300, 1000, 0});

  /// @param overlaps  of one object with each proposal of its image, best proposal first, 0 to 1
  void AddObject(const std::vector<double>& overlaps);

  int64_t objects() const { return objects_; }
  /// One for each count; zeros where there was no object.
  std::vector<CoveragePoint> Points() const;

 private:
  struct Sums {
    int64_t at_50 = 0, at_70 = 0;
    double best = 0;
  };
  std::vector<int> counts_;
  std::vector<Sums> sums_;
  int64_t objects_ = 0;
};

/// Intersection over union of two boxes, 0 to 1.
double BoxOverlap(const cv::Rect& a, const cv::Rect& b);

/// The tight box of each label of CV_8UC1 or CV_16UC1, ascending by label; 0 and 255 have none.
std::vector<cv::Rect> ObjectBoxes(const cv::Mat& objects);

/// Coverage of objects by boxes and by masks of proposals.
class RecallStudy {
 public:
  /// @param objects  as Overlaps takes them
  void Add(const RegionSet& set, const cv::Mat& objects);

  const CoverageCurve& boxes() const { return boxes_; }
  const CoverageCurve& masks() const { return masks_; }
  int64_t images() const { return images_; }
  int64_t proposals() const { return proposals_; }  ///< of all images together

 private:
  CoverageCurve boxes_, masks_;
  int64_t images_ = 0, proposals_ = 0;
};

}  // namespace seglab
