#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/results.h"

namespace seglab {

/// How the mean IU is drawn against a cost.
struct CostPlot {
  std::string title;  ///< "mean IU against " ...
  std::string axis;
  std::string unit;      ///< behind the cost of a point
  bool is_time = false;  ///< seconds: the axis is in the unit of time that fits
  bool log_x = false;
};

/// One row of the table of what a run costs beside its score.
struct CostRow {
  std::string name;                       ///< in an experiment's "compare" and in table.csv
  std::string title;                      ///< of its column
  bool always;                            ///< has a column even where runs are not compared by it
  double (*value)(const RunResult& run);  ///< NaN where it is not known
  std::string (*text)(double value);      ///< as cells show it
  std::string note;                       ///< under tables with its column; may be empty
  std::optional<CostPlot> plot;
};

/// In the order of their columns.
const std::vector<CostRow>& CostRows();

/// What an experiment can compare its runs by.
const std::vector<std::string>& CostNames();

/// The place of a cost among CostRows(); behind them where there is none of this name.
size_t CostIndex(const std::string& name);

/// The costs of an experiment that are compared. When it does not say which: none where the
/// segmentation networks are of about one size, else training time and parameters.
/// "total_seconds" only where it says more than "train_seconds".
std::vector<std::string> ComparedCosts(const ExperimentResult& result);

}  // namespace seglab
