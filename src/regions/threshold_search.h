#pragma once

#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <vector>

#include "regions/paste.h"
#include "regions/paste_options.h"

namespace seglab {

/// A threshold of PasteOptions, and what it is good for on the images that were added.
struct ThresholdChoice {
  double threshold;
  double mean_segments;  ///< of an image
  /// Over the labels that stand in truth or prediction; NaN where the goal does not need it.
  double mean_iou;
};

/// Finds the threshold of pasting on training images, which are added one after the other.
///
/// As published it starts at -1 and rises by .01 until images have no more segments than objects,
/// in the mean; no truth is looked at. The other way takes the best mean IU of a list of
/// thresholds. Both cost little: at a higher threshold an image's segments are the first ones of
/// those at a lower, so that there are at most max_segments + 1 paintings of an image, and that
/// many scores or one confusion matrix for each threshold to keep in memory.
class ThresholdSearch {
 public:
  /// @param paste  all but its threshold
  /// @throws Error when options are wrong
  ThresholdSearch(int classes, const PasteOptions& paste, const ThresholdOptions& options);

  /// Adds an image. Scores are suppressed here, as SuppressScores does at the first threshold.
  /// @param truth  labels of 0 ... classes, 255: void; CV_8UC1 of the image's size. Goal "segments"
  ///               does not look at it.
  /// @throws Error when truth has another size or type, or a label that is no class
  void Add(RegionScores scores, const RegionSet& set, const cv::Mat& truth);

  /// Of equally good thresholds the lowest.
  /// @throws Error when there are too many segments at every threshold
  /// @throws std::logic_error when no image was added
  ThresholdChoice Choose() const;

 private:
  /// Rows are truth, columns are labels.
  using Confusion = std::vector<int64_t>;

  PasteOptions PasteAt(int64_t index) const;
  double MeanSegments(int64_t index) const;
  int64_t FirstWithFewSegments() const;
  Confusion Compare(const cv::Mat& labels, const cv::Mat& truth) const;
  double MeanIou(const Confusion& confusion) const;

  int64_t labels_;
  PasteOptions paste_;
  ThresholdOptions options_;
  std::vector<std::vector<float>> scores_;  // of each image: its segments' at the first threshold
  std::vector<Confusion> confusions_;       // of each threshold, goal "mean_iou"
};

}  // namespace seglab
