#pragma once

#include <string>
#include <utility>
#include <vector>

#include "report/results.h"

namespace seglab {

/// The runs of one group in one figure.
struct Spread {
  double mean = 0;       ///< NaN as soon as one run has no value: a failed run is not hidden
  double deviation = 0;  ///< sample standard deviation (n - 1); NaN for a single run
};

/// One row of a table: one evaluation of the runs of a group, which differ only in the seed.
struct TableRow {
  std::string group;       ///< "FCN-8s [alexnet], crf": what the row is called
  std::string run_group;   ///< "FCN-8s [alexnet]": without the evaluation
  std::string evaluation;  ///< "crf", or ""
  int runs = 0;
  std::vector<Spread> ours;   ///< percent, one per column
  std::vector<double> paper;  ///< percent, one per column, NaN where the paper has no figure
  std::vector<Factor> factors;
  bool is_baseline = false;
  double difference = 0;  ///< mean IU less that of the baseline, points; NaN of the baseline itself
  std::vector<double> costs;  ///< mean over the runs, one for each of CostRows(); may be NaN
};

struct Table {
  std::vector<std::string> columns;  ///< names, see ColumnRows()
  size_t listed = 0;  ///< of the columns; those behind are there since runs have such scores
  std::vector<size_t> costs;       ///< those of CostRows() that have a column
  std::vector<TableRow> rows;      ///< in the order in which the groups first appear
  bool has_paper = false;          ///< at least one figure of the paper
  bool has_spread = false;         ///< at least one group of several runs
  bool has_baseline = false;       ///< a baseline is named and among the rows
  std::vector<std::string> notes;  ///< what must stand under the table: absent classes, images

  /// Whether the paper's figures stand beside ours: it has none of what the experiment does not
  /// list.
  bool HasPaper(size_t column) const { return has_paper && column < listed; }
};

/// A line for each run that has no result and why, and one for those that wait; none where all are
/// finished.
std::vector<std::string> UnfinishedNotes(const ExperimentResult& result);

/// The segmentation runs of an experiment, or its pre-trainings (top-1 and mean class accuracy).
/// What some runs' evaluations were told to score beside the usual has a column, listed or not.
Table MakeTable(const ExperimentResult& result, bool classification);

/// "62.4 ± 0.3", without the spread for a single run, "-" for NaN.
std::string FormatSpread(const Spread& spread);

/// "+2.1", "-0.3", "-" for NaN.
std::string FormatDifference(double points);

/// Keys and values of the environment as texts: {"cpu", "..."}.
std::vector<std::pair<std::string, std::string>> EnvironmentTexts(const Json& environment);

}  // namespace seglab
