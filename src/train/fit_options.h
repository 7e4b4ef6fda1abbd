#pragma once

#include <string>

#include "base/json.h"
#include "regions/mining_options.h"
#include "regions/paste_options.h"
#include "regions/regressors.h"

namespace seglab {

/// How a network is fitted to features that are computed once: "train": {"fit": {...}}.
struct FitOptions {
  enum class Classifier {
    kSvm,  ///< "svm": SVMs with hard negatives, as R-CNN's detection
    kSvr   ///< "svr": regressors to the overlap, as its section 5 after O2P
  };
  Classifier classifier = Classifier::kSvm;
  MiningOptions mining;         ///< of "svm"
  RegressorOptions regressors;  ///< of "svr"
  ThresholdOptions threshold;   ///< of pasting
  int min_object = 20;          ///< objects with a smaller box side are none, pixels
  /// The threshold is chosen on every so-manieth image, 2 to 1000, which a first fit leaves out;
  /// then all are fitted. 0: on images that were fitted, whose scores are too good.
  int64_t holdout = 4;

  /// @throws Error naming the member that is wrong
  static FitOptions FromJson(const Json& json, const std::string& path);
};

}  // namespace seglab
