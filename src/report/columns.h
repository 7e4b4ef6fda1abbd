#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace seglab {

/// One row of the table of scores that tables have columns for.
struct ColumnRow {
  std::string name;   ///< "mean_iou": in an experiment's "columns" and in table.csv
  std::string title;  ///< "mean IU", as the FCN paper writes it
  /// The member of the metrics that holds it, where an evaluation makes it only when told to; ""
  /// for those of every evaluation, which follow from the counts of its images.
  std::string part;
  std::string key;  ///< its name in there
  bool lower_is_better;
};

const std::vector<ColumnRow>& ColumnRows();

/// Their names.
const std::vector<std::string>& ColumnNames();

/// nullptr where there is none of this name.
const ColumnRow* FindColumn(const std::string& name);

/// The title of a column; "top-1 acc." for the pixel accuracy of a pre-training, where an image
/// counts as one pixel.
std::string ColumnTitle(const std::string& column, bool classification);

/// Whether the score follows from the counts of images, which intervals are made of.
bool IsCounted(const std::string& column);

/// Whether an evaluation has made a score that not all make.
bool HoldsExtra(const Json& metrics, const ColumnRow& column);

/// A column's score in the metrics, in [0, 1]; NaN when it is null, missing, or no number.
double ScoreValue(const Json& metrics, const std::string& column);

/// metrics[key] as a number; NaN when it is null, missing, or no number.
double MetricValue(const Json& metrics, const std::string& key);

}  // namespace seglab
