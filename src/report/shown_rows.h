#pragma once

#include <map>
#include <string>

#include "report/curves.h"
#include "report/results.h"

namespace seglab {

/// Which rows of an experiment stand out in its plots, and how: of few all do; of many, the best by
/// mean IU and the baseline, and the others are pale lines without a name.
class ShownRows {
 public:
  /// @param pre_trainings  the rows of that table (by top-1 accuracy), else the others
  explicit ShownRows(const ExperimentResult& result, bool pre_trainings = false);

  /// A series without points for a run, in its row's color and name.
  /// @param group  the row, with its evaluation or without
  Series SeriesOf(const std::string& run, const std::string& group) const;

 private:
  struct Look {
    int color;
    bool quiet;
    std::string label;
  };
  std::map<std::string, Look> looks_;  ///< by group
};

}  // namespace seglab
