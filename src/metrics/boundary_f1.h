#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace seglab {

/// Boundary F1 (G. Csurka, D. Larlus, F. Perronnin, "What is a good evaluation measure for semantic
/// segmentation?", BMVC 2013, section 2.3). For each class of an image precision is the part of its
/// predicted boundary that lies near the true one, recall the part of the true one that lies near
/// the predicted; F1 = 2 PR / (P + R), 0 where only one of the two maps has the class. An image's
/// score is the mean over the classes that are in it or predicted, that of a data set the mean over
/// its images, that of a class the mean over the images with it.
///
/// A boundary are the pixels of a class that touch another one and those that it touches, inside
/// the image. Void counts as the nearest true class, as otherwise a band of void around every
/// object would be its boundary; there the true boundary counts no farther from labels than the
/// tolerance, and the predicted one only where it is near the true one.
class BoundaryF1 {
 public:
  /// @param tolerance  what "near" means, as part of the image's diagonal; usual is 0.0075
  BoundaryF1(int classes, double tolerance);

  /// @param truth, labels  height x width; truth may be kIgnoreLabel
  /// @throws Error where a label is out of range
  void Add(const uint8_t* truth, const uint8_t* labels, int64_t height, int64_t width);

  double tolerance() const { return tolerance_; }
  double Mean() const;                   ///< in [0, 1]; NaN without images
  std::vector<double> PerClass() const;  ///< NaN of a class that is nowhere

 private:
  double tolerance_;
  double sum_ = 0;
  int64_t images_ = 0;
  std::vector<double> class_sums_;
  std::vector<int64_t> class_images_;
};

/// The labels with void pixels given the label of the nearest other one, step by step over sides
/// of pixels; a map of void alone stays as it is.
std::vector<uint8_t> WithoutVoid(const uint8_t* labels, int64_t height, int64_t width);

/// @throws Error "where: ..." unless it lies above 0 and at most at 1
void CheckBoundaryTolerance(double tolerance, const std::string& where);

}  // namespace seglab
