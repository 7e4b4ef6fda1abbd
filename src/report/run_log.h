#pragma once

#include <string>
#include <vector>

namespace seglab {

/// What metrics.jsonl of a run holds. Broken lines and a missing file give fewer points.
struct RunLog {
  std::vector<double> iterations, losses, rates;     ///< of the log lines; a rate may be NaN
  std::vector<double> eval_iterations, eval_scores;  ///< percent
  double images_per_second = 0;                      ///< median; 0 when unknown
};

/// Reads <run_folder>/metrics.jsonl.
/// @param score  the key of the evaluation lines that is wanted: "mean_iou"
RunLog ReadRunLog(const std::string& run_folder, const std::string& score);

}  // namespace seglab
