#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "regions/region_examples.h"
#include "regions/svm_options.h"

namespace seglab {

/// How hard negatives are mined, see hard_negatives.h; the defaults are R-CNN's.
struct MiningOptions {
  SvmOptions svm;
  ScaleOptions scale;
  double negative_overlap = .3;  ///< regions below it are negatives (SDS: .2)
  /// Regions of this overlap and more are positives beside ground truth (SDS: .5); 0: none is.
  double positive_overlap = 0;
  double add_above = -1.0001;
  double evict_below = -1.2;
  int64_t retrain_after = 2000;  ///< added negatives of a class
  int64_t passes = 1;            ///< over the images, at most; fewer when one adds nothing
  /// Kept negatives of a class after each training, the hardest; 0: no limit, as published. Where
  /// the limit bites there may be no fixed point.
  int64_t max_negatives = 10000;

  /// @throws Error naming the member that is wrong
  static MiningOptions FromJson(const Json& json, const std::string& path);
  Json ToJson() const;
  /// @throws Error when an overlap is outside 0 ... 1, positives may be negatives, what is added
  /// might be evicted at once, or a count is out of its range
  void Check(const std::string& where = "MiningOptions") const;
};

}  // namespace seglab
