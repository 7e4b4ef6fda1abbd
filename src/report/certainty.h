#pragma once

#include <string>
#include <vector>

#include "metrics/statistics.h"
#include "report/results.h"

namespace seglab {

/// A row of the table, its figures with intervals over the images, in percent.
struct RowCertainty {
  std::string group;
  std::vector<Interval> columns;  ///< as the experiment's; NaN of what does not follow from counts
};

/// Two rows, by mean IU in percent.
struct PairCertainty {
  std::string first, second;  ///< groups
  Comparison images;          ///< second less first; its p is corrected for all pairs
  SeedComparison seeds;       ///< p NaN with fewer than two seeds each

  /// Whether the difference is more than images and, where there are several, seeds would make.
  bool IsBeyondNoise() const;
};

/// How sure the figures of an experiment are: from the counts that evaluations keep of each image.
struct Certainty {
  std::vector<RowCertainty> rows;
  std::vector<PairCertainty> pairs;
  std::vector<std::string> notes;  ///< what was left out, and why
};

/// Of few rows all pairs are compared; of many, each with the experiment's baseline or, where it
/// names none, with the best.
/// @param result  run folders are read; what lacks its counts is left out and noted
Certainty MakeCertainty(const ExperimentResult& result);

/// "FCN-16s beats FCN-32s by 2.1 ± 0.4 mean IU (p < 0.001)."
std::string PairSentence(const PairCertainty& pair);

/// The pair with its rows' names as they are in `certainty`, without what all rows share.
PairCertainty WithShortNames(const PairCertainty& pair, const Certainty& certainty);

/// For the terminal; "" where nothing can be said.
std::string CertaintyText(const Certainty& certainty, const std::vector<std::string>& columns);

/// A part of result.json.
Json CertaintyJson(const Certainty& certainty, const std::vector<std::string>& columns);

}  // namespace seglab
