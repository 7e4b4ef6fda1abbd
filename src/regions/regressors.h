#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "regions/linear_svm.h"
#include "regions/region_examples.h"

namespace seglab {

/// How O2P's regressors are trained; see TrainRegressors.
struct RegressorOptions {
  SvrOptions svr;
  ScaleOptions scale;
  int64_t regions_per_image = 150;  ///< drawn at random where there are more, R-CNN's number
  uint64_t seed = 0;                ///< of that draw

  /// @throws Error naming the member that is wrong
  static RegressorOptions FromJson(const Json& json, const std::string& path);
  Json ToJson() const;
  /// @throws Error when a part is wrong, or there is no region
  void Check(const std::string& where = "RegressorOptions") const;
};

struct RegionRegressors {
  std::vector<LinearModel> models;  ///< of each class, on features as they are
  double scale = 1;
  int64_t rows = 0;
  int64_t bytes = 0;  ///< that rows took in memory
};

/// A regressor for each class, from a region's features to its overlap with the class (R-CNN,
/// section 5, after O2P). All classes are trained on the same rows, which are read once and are in
/// memory at once: 16 bytes for each value that is not zero, see SolverRows. A class that no region
/// overlaps is named in a warning and given AbsentModel(); the others are trained.
/// @throws Error when options are wrong, there are no regions, or none overlaps any class
/// @throws Stopped on the user's wish
RegionRegressors TrainRegressors(const RegionExamples& examples, const RegressorOptions& options);

}  // namespace seglab
