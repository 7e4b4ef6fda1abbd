#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "regions/feature_rows.h"
#include "regions/linear_svm.h"

namespace seglab {

/// Scores of an image's regions: for each one a number for each class, row by row.
struct RegionScores {
  int64_t regions = 0;
  int64_t classes = 0;  ///< the background is none
  std::vector<float> values;

  std::span<const float> Row(int64_t region) const {
    return {values.data() + region * classes, static_cast<size_t>(classes)};
  }
  std::span<float> Row(int64_t region) {
    return {values.data() + region * classes, static_cast<size_t>(classes)};
  }
};

/// Several linear models as one: every row of features is read once for all of them, and zeros, of
/// which there are many behind a rectifier, cost nothing.
class RegionScorer {
 public:
  /// @throws std::logic_error when a model is of another dimension than the first
  explicit RegionScorer(std::span<const LinearModel> models);

  /// Replaces one model by another of the same dimension.
  void Set(int64_t index, const LinearModel& model);

  /// weights . x + bias of each region and model, summed in float in the order of columns: the bits
  /// do not depend on the number of threads.
  RegionScores Score(const FeatureView& features, int threads = 1) const;

 private:
  int64_t classes_, dimension_;
  std::vector<float> weights_;  // dimension x classes
  std::vector<float> bias_;
};

}  // namespace seglab
