#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metrics/image_counts.h"

// How sure a score is that was measured on some images, and a difference of two networks on the
// same ones. An image is the unit: its pixels depend on each other.
namespace seglab {

/// Of a quantity: its value on the images at hand, and where it is likely to lie on all images of
/// their kind.
struct Interval {
  double value = 0;
  double low = 0, high = 0;  ///< NaN where there are too few images
};

struct StatisticsOptions {
  AbsentPolicy policy = AbsentPolicy::kUnion;
  std::string score = "mean_iou";  ///< that is compared
  double level = 0.95;             ///< of intervals
  int samples = 2000;              ///< of images, drawn with replacement
  int exchanges = 10000;           ///< of two networks' images; all there are where these are fewer
  uint64_t seed = 1;
};

/// The score of this name: pixel_acc, mean_acc, mean_iou, fw_iou, mean_dice. @throws Error on an
/// unknown one
double ScoreOf(const Scores& scores, const std::string& name);

/// One or more evaluations on the same images, of networks that differ only in the seed: what is
/// asked for is the mean of their scores.
using Evaluations = std::vector<const EvaluatedImages*>;

/// Bootstrap over images, bias-corrected and accelerated (B. Efron, "Better Bootstrap Confidence
/// Intervals", JASA 1987).
/// @param scores  names
/// @return one for each of them
std::vector<Interval> BootstrapIntervals(const Evaluations& evaluations,
                                         const std::vector<std::string>& scores,
                                         const StatisticsOptions& options);

/// Whether two networks differ on the same images.
struct Comparison {
  Interval difference;  ///< of the second less the first
  /// How often the networks' answers, exchanged at random image by image, differ as much as they
  /// do (a paired permutation test, both sides).
  double p = 1;
  bool exact = false;  ///< all ways of exchanging were gone through
};

/// @throws Error where the evaluations are not of the same images
Comparison Compare(const Evaluations& first, const Evaluations& second,
                   const StatisticsOptions& options);

/// Whether two evaluations are of the same images with the same truth.
bool SameImages(const EvaluatedImages& a, const EvaluatedImages& b);

/// Corrected for how many were looked at (S. Holm, "A Simple Sequentially Rejective Multiple Test
/// Procedure", 1979). One that is not finite stays so, and is not counted.
std::vector<double> HolmAdjusted(const std::vector<double>& p);

/// Of scores of several seeds: whether two networks' means differ by more than seeds do.
struct SeedComparison {
  double difference = 0;  ///< of the means, second less first
  double deviation = 0;   ///< sample standard deviation of one seed's score, pooled
  double p = 1;           ///< Welch's t test, both sides; NaN with fewer than two seeds each
  /// Seeds of each that would show this difference in four of five attempts at p < 0.05; 0 where
  /// that cannot be said.
  int64_t seeds_needed = 0;
};
SeedComparison CompareSeeds(const std::vector<double>& first, const std::vector<double>& second);

}  // namespace seglab
