#pragma once

#include <string>
#include <vector>

#include "data/dataset.h"

namespace seglab {

/// What a look at a data set found, before hours are spent on it. Its size does not grow with the
/// data set's.
struct Audit {
  int64_t looked_at = 0;            ///< samples asked for, those with errors included
  Task task = Task::kSegmentation;  ///< the data set's

  std::vector<int64_t> counts;  ///< per class: pixels, or pictures of a classification data set
  int64_t void_pixels = 0;

  int64_t all_void_count = 0;         ///< samples without one labelled pixel
  std::vector<std::string> all_void;  ///< the first of their names

  int64_t error_count = 0;          ///< unreadable files, sizes that differ, labels out of range
  std::vector<std::string> errors;  ///< the first of their messages

  int64_t turned_count = 0;  ///< pictures whose EXIF orientation says that they are to be turned

  int min_height = 0, max_height = 0, min_width = 0, max_width = 0;  ///< pixels

  /// Classes that never occur in what was read.
  std::vector<std::string> AbsentClasses(const LabelSet& labels) const;
};

/// Reads `at_most` samples spread evenly over the data set (0 = all) on `threads` threads (0 = the
/// calling one). The first `max_kept` messages of errors and names of all-void samples are kept.
Audit AuditDataset(const Dataset& dataset, int64_t at_most, int threads, size_t max_kept = 20);

/// The findings as text, a line each; the per-class table first.
std::string AuditToText(const Audit& audit, const LabelSet& labels);

}  // namespace seglab
