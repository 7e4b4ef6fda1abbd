#pragma once

#include <cstdint>
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
  int64_t parameters = 0;
  double train_seconds = 0;  ///< mean over the runs
  double total_seconds = 0;  ///< with the runs that its weights come from, mean; may be NaN
  double image_seconds = 0;  ///< of evaluation, loading and scoring an image, mean
};

struct Table {
  std::vector<std::string> columns;  ///< keys of the metrics
  std::vector<TableRow> rows;        ///< in the order in which the groups first appear
  bool has_paper = false;            ///< at least one figure of the paper
  bool has_spread = false;           ///< at least one group of several runs
  bool has_baseline = false;         ///< a baseline is named and among the rows
  bool has_total = false;            ///< total_seconds is among the compared costs
  bool has_image = false;            ///< image_seconds is among the compared costs
  std::vector<std::string> notes;    ///< what must stand under the table: absent classes, images
};

/// A line for each run that has no result and why, and one for those that wait; none where all are
/// finished.
std::vector<std::string> UnfinishedNotes(const ExperimentResult& result);

/// The segmentation runs of an experiment, or its pre-trainings (top-1 and mean class accuracy).
Table MakeTable(const ExperimentResult& result, bool classification);

/// What an experiment can compare its runs by: "train_seconds", "total_seconds", "parameters",
/// "image_seconds".
const std::vector<std::string>& CostNames();

/// The costs of an experiment that are compared. When it does not say which: none where the
/// segmentation networks are of about one size, else all but "image_seconds". "total_seconds" only
/// where it says more than "train_seconds".
std::vector<std::string> ComparedCosts(const ExperimentResult& result);

/// "mean IU" for "mean_iou", as the FCN paper writes it; "top-1 acc." for the pixel accuracy of a
/// pre-training, where an image counts as one pixel.
std::string ColumnTitle(const std::string& column, bool classification);

/// "62.4 ± 0.3", without the spread for a single run, "-" for NaN.
std::string FormatSpread(const Spread& spread);

/// "+2.1", "-0.3", "-" for NaN.
std::string FormatDifference(double points);

/// Keys and values of the environment as texts: {"cpu", "..."}.
std::vector<std::pair<std::string, std::string>> EnvironmentTexts(const Json& environment);

/// metrics[key] as a number; NaN when it is null, missing, or no number.
double MetricValue(const Json& metrics, const std::string& key);

}  // namespace seglab
