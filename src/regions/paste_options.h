#pragma once

#include <string>

#include "base/json.h"

namespace seglab {

/// Thresholds lie between minus this and this.
constexpr double kLargestThreshold = 10000;

/// From scores of regions to pixels, as O2P does and R-CNN and SDS after it; see paste.h.
struct PasteOptions {
  /// What the background scores at each region, -10000 to 10000: a region is labelled if a class
  /// scores more. Found on training data, see threshold_search.h.
  double threshold = -1;
  int max_segments = 10;       ///< of an image
  int top_regions = 0;         ///< of an image and class, the best; 0: all
  double nms_overlap = 1;      ///< a better region of the class of a larger IoU, 0 to 1, suppresses
                               ///< one; 1: none, 0: any common pixel does (SDS)
  double simplicity_bias = 0;  ///< what the threshold rises by with each further segment (O2P: .02)
  double margin = 1;           ///< of the background above classes, where no segment lies

  /// @throws Error naming the member that is wrong
  static PasteOptions FromJson(const Json& json, const std::string& path);
  Json ToJson() const;
  /// @throws Error when a member is out of its range
  void Check(const std::string& where = "PasteOptions") const;
};

/// How PasteOptions' threshold is found.
struct ThresholdOptions {
  enum class Goal {
    kSegments,  ///< the lowest at which images have at most `max_average` segments in the mean
    kMeanIou    ///< the one of the best mean IU
  };
  Goal goal = Goal::kSegments;  ///< "segments" or "mean_iou"
  double first = -1;            ///< thresholds are first, first + step ...
  double step = .01;
  double last = 1;           ///< ... to this one at most, goal "mean_iou"
  double max_average = 2.2;  ///< goal "segments": objects in an image of VOC, in the mean

  /// @throws Error naming the member that is wrong
  static ThresholdOptions FromJson(const Json& json, const std::string& path);
  Json ToJson() const;
  /// @throws Error when a member is out of its range, or there are more than 10000 thresholds
  void Check(const std::string& where = "ThresholdOptions") const;
};

}  // namespace seglab
