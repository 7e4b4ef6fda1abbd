#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "crf/options.h"
#include "data/dataset.h"
#include "inference/predictor.h"
#include "metrics/scores.h"

namespace seglab {

/// The search for a CRF's parameters on a few images, as both DeepLabs made it: the Gaussian
/// kernel's stay, bilateral_weight, bilateral_sigma_xy and bilateral_sigma_rgb are tried on a
/// coarse grid, then on finer ones around the best (arXiv:1412.7062, section 5.1; arXiv:1606.00915,
/// section 4.1.3).
struct CrfSearchOptions {
  CrfOptions start;  ///< what is not searched
  /// The coarse grid: that of DeepLab v2.
  std::vector<double> weights = {3, 4, 5, 6};
  std::vector<double> sigmas_xy = {30, 40, 50, 60, 70, 80, 90, 100};
  std::vector<double> sigmas_rgb = {3, 4, 5, 6};
  int rounds = 2;    ///< the coarse grid, then finer ones, each of half the steps
  int images = 100;  ///< spread evenly over the data set
  int threads = 0;   ///< images at once; 0 = as many as cores
  AbsentPolicy policy = AbsentPolicy::kUnion;

  /// @throws Error naming what is out of range
  void Check(const std::string& where) const;
};

/// One set of parameters and how it scored.
struct CrfTrial {
  CrfOptions options;
  double mean_iou = 0;   ///< fraction
  double pixel_acc = 0;  ///< fraction
};

struct CrfSearchResult {
  CrfTrial plain;                ///< without a CRF
  std::vector<CrfTrial> trials;  ///< the best first; of equal ones the one tried first
};

/// Searches in a folder, which keeps the network's scores of the images (float16) and what was
/// tried (tried.jsonl, a line as soon as it is known): started again with the same `identity`, it
/// goes on where it was stopped. Memory does not depend on the number of images.
/// @param identity  what the scores are of: checkpoint, data set
/// @throws Error when the folder holds a search of something else; Stopped after SIGINT, SIGTERM
CrfSearchResult SearchCrf(Predictor& predictor, const Dataset& dataset, const std::string& folder,
                          const Json& identity, const CrfSearchOptions& options);

/// The next finer values around `best`: it, and those half the smallest step between `values` away
/// that are above 0.
std::vector<double> FinerValues(const std::vector<double>& values, double best, int round);

}  // namespace seglab
