#pragma once

#include <map>
#include <string>

#include "report/curves.h"
#include "report/results.h"

namespace seglab {

/// Which rows of an experiment stand out in its plots, and how: of few all do; of many, the best by
/// mean IU and the baseline, seven in all, and the others are pale lines without a name.
class ShownRows {
 public:
  /// kRows: those of the table; kTrainings: the same without their evaluations; kPreTrainings:
  /// those of that table (by top-1 accuracy).
  enum class Drawn { kRows, kTrainings, kPreTrainings };
  ShownRows(const ExperimentResult& result, Drawn drawn);

  /// A series without points for a run, in its row's color and name.
  /// @param group  with its evaluation where rows are drawn, else without
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
