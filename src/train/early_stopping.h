#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"

namespace seglab {

/// When a training ends before its last iteration: "early_stopping": {"patience": 5}.
struct EarlyStoppingOptions {
  int64_t patience = 0;  ///< validations in a row without a better score; 0 = trains to the end
  double min_delta = 0;  ///< by how much a score is to exceed the best one, 0 to 1 (fraction)
  bool On() const { return patience > 0; }
  /// @throws Error naming the member that is wrong
  static EarlyStoppingOptions FromJson(const Json& json, const std::string& path);
};

/// What it has seen of a training; part of where that stands.
struct EarlyStoppingState {
  double best = -1;    ///< the score that the next one is to exceed, -1: none yet
  int64_t waited = 0;  ///< validations since
  /// @param score  of a validation; NaN is no better one
  void Add(double score, const EarlyStoppingOptions& options);
  bool Ends(const EarlyStoppingOptions& options) const {
    return options.On() && waited >= options.patience;
  }
};

}  // namespace seglab
