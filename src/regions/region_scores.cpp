#include "regions/region_scores.h"

#include <algorithm>
#include <stdexcept>

#include "base/team.h"

namespace seglab {

RegionScorer::RegionScorer(std::span<const LinearModel> models)
    : classes_(static_cast<int64_t>(models.size())),
      dimension_(models.empty() ? 0 : static_cast<int64_t>(models[0].weights.size())),
      weights_(static_cast<size_t>(dimension_ * classes_)),
      bias_(models.size()) {
  for (int64_t i = 0; i < classes_; ++i) Set(i, models[static_cast<size_t>(i)]);
}

void RegionScorer::Set(int64_t index, const LinearModel& model) {
  if (static_cast<int64_t>(model.weights.size()) != dimension_) {
    throw std::logic_error("RegionScorer: models of different dimensions");
  }
  for (int64_t d = 0; d < dimension_; ++d) {
    weights_[static_cast<size_t>(d * classes_ + index)] = model.weights[static_cast<size_t>(d)];
  }
  bias_.at(static_cast<size_t>(index)) = model.bias;
}

RegionScores RegionScorer::Score(const FeatureView& features, int threads) const {
  if (features.columns != dimension_) {
    throw std::logic_error("RegionScorer: features of another dimension than the models'");
  }
  RegionScores scores{features.rows, classes_, {}};
  scores.values.resize(static_cast<size_t>(features.rows * classes_));
  RunTeam(threads, [&](Member& member) {
    const auto [first, last] = member.Share(features.rows);
    for (int64_t r = first; r < last; ++r) {
      const std::span<const float> row = features.Row(r);
      float* const sums = scores.Row(r).data();
      std::copy(bias_.begin(), bias_.end(), sums);
      for (int64_t d = 0; d < dimension_; ++d) {
        const float value = row[static_cast<size_t>(d)];
        if (value == 0) continue;
        const float* const weights = weights_.data() + d * classes_;
        for (int64_t c = 0; c < classes_; ++c) sums[c] += value * weights[c];
      }
    }
  });
  return scores;
}

}  // namespace seglab
