#pragma once

#include <string>
#include <vector>

#include "experiment/results.h"

// The sections of report.html; each is empty when there is nothing to show.
namespace seglab {

/// What metrics.jsonl of a run holds. Broken lines and a missing file give fewer points.
struct RunLog {
  std::vector<double> iterations, losses;
  std::vector<double> eval_iterations, eval_scores;  ///< percent
  double images_per_second = 0;                      ///< median; 0 when unknown
};

/// @param score  the key of the evaluation lines that is wanted: "mean_iou"
RunLog ReadRunLog(const std::string& run_folder, const std::string& score);

/// Ours beside the paper's.
std::string ResultsSection(const ExperimentResult& result);
/// Score against training time and parameters, where the runs are compared by them.
std::string CostSection(const ExperimentResult& result);
/// Loss and score against the iteration.
std::string CurvesSection(const ExperimentResult& result);
/// Samples x (image, truth, prediction of each run).
std::string PicturesSection(const ExperimentResult& result);
/// Classes x groups: intersection over union.
std::string ClassesSection(const ExperimentResult& result);
/// Settings, time and speed of each run.
std::string RunsSection(const ExperimentResult& result);

}  // namespace seglab
