#include "metrics/boundary_f1.h"

#include <cmath>
#include <cstddef>
#include <limits>

#include "base/error.h"
#include "metrics/boundary.h"

namespace seglab {
namespace {

constexpr uint8_t kVoid = 255;

/// The squared distances from one class's boundary; all kNoBoundary where it has none.
std::vector<int64_t> DistancesOf(const std::vector<uint8_t>& labels, uint8_t label, int64_t height,
                                 int64_t width) {
  std::vector<uint8_t> of_class(labels.size());
  for (size_t p = 0; p < labels.size(); ++p) of_class[p] = labels[p] == label ? 1 : 0;
  return SquaredBoundaryDistances(of_class.data(), height, width);
}

/// The part of a boundary's counted pixels that lie near another; NaN of none.
double PartNear(const std::vector<int64_t>& boundary, const std::vector<int64_t>& other,
                const std::vector<uint8_t>& counted, double reach) {
  int64_t all = 0, near = 0;
  for (size_t p = 0; p < boundary.size(); ++p) {
    if (boundary[p] != 0 || counted[p] == 0) continue;
    ++all;
    if (static_cast<double>(other[p]) <= reach) ++near;
  }
  return all == 0 ? std::numeric_limits<double>::quiet_NaN()
                  : static_cast<double>(near) / static_cast<double>(all);
}

/// Pixels that are labelled, or as near to one that is.
std::vector<uint8_t> Counted(const uint8_t* truth, int64_t height, int64_t width, double reach) {
  std::vector<uint8_t> labelled(static_cast<size_t>(height * width));
  for (size_t p = 0; p < labelled.size(); ++p) labelled[p] = truth[p] == kVoid ? 0 : 1;
  const std::vector<int64_t> distances = SquaredBoundaryDistances(labelled.data(), height, width);
  for (size_t p = 0; p < labelled.size(); ++p) {
    if (static_cast<double>(distances[p]) <= reach) labelled[p] = 1;
  }
  return labelled;
}

}  // namespace

BoundaryF1::BoundaryF1(int classes, double tolerance)
    : tolerance_(tolerance),
      class_sums_(static_cast<size_t>(classes)),
      class_images_(static_cast<size_t>(classes)) {}

void BoundaryF1::Add(const uint8_t* truth, const uint8_t* labels, int64_t height, int64_t width) {
  const std::vector<uint8_t> filled = WithoutVoid(truth, height, width);
  if (filled.empty() || filled.front() == kVoid) return;  // nothing is known of this image
  const std::vector<uint8_t> said(labels, labels + height * width);
  const double reach =
      tolerance_ * tolerance_ * static_cast<double>(height * height + width * width);
  const std::vector<uint8_t> counted = Counted(truth, height, width, reach);
  std::vector<char> in_truth(class_sums_.size()), in_labels(class_sums_.size());
  for (size_t p = 0; p < said.size(); ++p) {
    if (truth[p] != kVoid) in_truth[truth[p]] = 1;
    if (truth[p] != kVoid) in_labels[said[p]] = 1;
  }
  double sum = 0;
  int64_t classes = 0;
  for (size_t c = 0; c < class_sums_.size(); ++c) {
    if (in_truth[c] == 0 && in_labels[c] == 0) continue;
    double f1 = 0;
    if (in_truth[c] != 0 && in_labels[c] != 0) {
      const auto label = static_cast<uint8_t>(c);
      const std::vector<int64_t> of_truth = DistancesOf(filled, label, height, width),
                                 of_labels = DistancesOf(said, label, height, width);
      const double precision = PartNear(of_labels, of_truth, counted, reach),
                   recall = PartNear(of_truth, of_labels, counted, reach);
      const bool no_boundary = std::isnan(precision) && std::isnan(recall);  // it fills the image
      f1 = no_boundary              ? 1
           : precision + recall > 0 ? 2 * precision * recall / (precision + recall)
                                    : 0;
    }
    sum += f1;
    ++classes;
    class_sums_[c] += f1;
    ++class_images_[c];
  }
  sum_ += sum / static_cast<double>(classes);
  ++images_;
}

double BoundaryF1::Mean() const {
  return images_ == 0 ? std::numeric_limits<double>::quiet_NaN()
                      : sum_ / static_cast<double>(images_);
}

std::vector<double> BoundaryF1::PerClass() const {
  std::vector<double> scores;
  for (size_t c = 0; c < class_sums_.size(); ++c)
    scores.push_back(class_images_[c] == 0
                         ? std::numeric_limits<double>::quiet_NaN()
                         : class_sums_[c] / static_cast<double>(class_images_[c]));
  return scores;
}

std::vector<uint8_t> WithoutVoid(const uint8_t* labels, int64_t height, int64_t width) {
  std::vector<uint8_t> filled(labels, labels + height * width);
  std::vector<int64_t> front, next;
  for (int64_t p = 0; p < height * width; ++p) {
    if (filled[static_cast<size_t>(p)] != kVoid) front.push_back(p);
  }
  while (!front.empty()) {
    next.clear();
    const auto fill = [&](int64_t from, int64_t to) {
      uint8_t& label = filled[static_cast<size_t>(to)];
      if (label != kVoid) return;
      label = filled[static_cast<size_t>(from)];
      next.push_back(to);
    };
    for (int64_t p : front) {
      const int64_t x = p % width;
      if (p >= width) fill(p, p - width);
      if (p + width < height * width) fill(p, p + width);
      if (x > 0) fill(p, p - 1);
      if (x + 1 < width) fill(p, p + 1);
    }
    front.swap(next);
  }
  return filled;
}

void CheckBoundaryTolerance(double tolerance, const std::string& where) {
  if (tolerance > 0 && tolerance <= 1) return;
  throw Error(where,
              ": must be a part of the image's diagonal, above 0 and at most 1 (usual is "
              "0.0075), found ",
              tolerance);
}

}  // namespace seglab
