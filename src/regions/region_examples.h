#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "regions/feature_rows.h"

namespace seglab {

/// What is known of an image's regions: ground truth itself, and proposals.
struct RegionLabels {
  /// For each region the class, 0 ... classes - 1, whose ground truth it is; -1: a proposal. What
  /// is to count for nothing (VOC's difficult objects) is -1 with an overlap of 1.
  std::vector<int> truth;
  /// regions x classes, row by row: the region's best overlap (intersection over union, 0 to 1)
  /// with ground truth of the class.
  std::vector<float> overlap;
};

/// An image's features, one row for each region.
struct RegionFeatures {
  FeatureView view;
  std::shared_ptr<const void> owner;  ///< what `view` points into lives as long as this
};

/// Labelled regions of a training set, whatever their features come from: a mapped file, a network.
/// Images are asked for one at a time and in order, again in every pass; the same image must give
/// the same rows. The background is no class.
class RegionExamples {
 public:
  virtual ~RegionExamples() = default;
  virtual int64_t Images() const = 0;
  virtual int64_t Dimension() const = 0;  ///< values of a row
  virtual const std::vector<std::string>& Classes() const = 0;
  virtual RegionLabels Labels(int64_t image) const = 0;
  virtual RegionFeatures Features(int64_t image) const = 0;
};

/// An image's labels and features, of equal length and right dimension.
struct LabelledImage {
  RegionLabels labels;
  RegionFeatures features;
};
LabelledImage ReadImage(const RegionExamples& examples, int64_t image);

/// At most `count` of 0 ... n - 1, drawn at random, ascending: so files are read forwards.
std::vector<int64_t> DrawIndices(int64_t n, int64_t count, uint64_t seed, uint64_t key);

/// How features are scaled before they are trained on, so that one C fits all layers (R-CNN's
/// code).
struct ScaleOptions {
  double mean_norm = 20;  ///< the mean Euclidean norm of a row behind it; 0: features as they are
  int64_t images = 200;   ///< so many images, drawn at random, and
  int64_t regions = 200;  ///< so many regions of each are looked at
  uint64_t seed = 0;

  /// @throws Error naming the member that is wrong
  static ScaleOptions FromJson(const Json& json, const std::string& path);
  Json ToJson() const;
  /// @throws Error when mean_norm is negative, or there is no image or region to look at
  void Check(const std::string& where = "ScaleOptions") const;
};

/// The factor that does that.
/// @throws Error when all rows are zero, or there is none
double FeatureScale(const RegionExamples& examples, const ScaleOptions& options);

}  // namespace seglab
