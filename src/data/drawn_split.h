#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "data/dataset.h"

namespace seglab {

/// A part of a data set, drawn: {"fraction": 0.8, "seed": 1, "part": "train"}. Parts of one
/// fraction and seed have no sample in common, and together they are the whole.
struct DrawnSplit {
  double fraction = 0.8;       ///< of the samples, in part "train"
  uint64_t seed = 1;           ///< of the drawing
  std::string part = "train";  ///< or "val"
  std::string of;  ///< split of the data set to draw from; "" = all that it has, or "train"
  static DrawnSplit FromJson(const Json& json, const std::string& path);
};

/// The samples of the part in the order of the data set. Both parts have at least one.
/// @throws Error when there are fewer than two samples
std::shared_ptr<const Dataset> DrawPart(std::shared_ptr<const Dataset> dataset,
                                        const DrawnSplit& split, const std::string& path);

/// The first `limit` samples of a data set; all when it is 0.
std::shared_ptr<const Dataset> FirstSamples(std::shared_ptr<const Dataset> dataset, int64_t limit);

}  // namespace seglab
