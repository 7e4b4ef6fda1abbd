#include "metrics/boundary_f1.h"

#include <algorithm>
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

/// How many of a boundary's pixels count, and how many of them lie near another boundary.
struct Near {
  int64_t all = 0, near = 0;

  bool Known() const { return all > 0; }
  double Part() const { return static_cast<double>(near) / static_cast<double>(all); }
};

/// @param counted  pixels that count wherever they lie; the others do where they are near
/// @param only     pixels that count at all
Near CountNear(const std::vector<int64_t>& boundary, const std::vector<int64_t>& other,
               const std::vector<uint8_t>& counted, const std::vector<uint8_t>& only,
               double reach) {
  Near count;
  for (size_t p = 0; p < boundary.size(); ++p) {
    if (boundary[p] != 0 || only[p] == 0) continue;
    const bool near = static_cast<double>(other[p]) <= reach;
    if (counted[p] == 0 && !near) continue;
    ++count.all;
    count.near += near ? 1 : 0;
  }
  return count;
}

/// Of nothing to find and nothing found there is no error.
double F1(const Near& precision, const Near& recall) {
  if (!precision.Known() && !recall.Known()) return 1;
  if (!precision.Known() || !recall.Known())
    return precision.Known() ? precision.Part() : recall.Part();
  const double p = precision.Part(), r = recall.Part();
  return p + r > 0 ? 2 * p * r / (p + r) : 0;
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
  std::vector<uint8_t> labelled(said.size());
  std::vector<char> in_truth(class_sums_.size()), in_labels(class_sums_.size());
  for (size_t p = 0; p < said.size(); ++p) {
    if (truth[p] == kVoid) continue;
    if (truth[p] >= in_truth.size() || said[p] >= in_labels.size()) {
      throw Error("boundary F1: label ", static_cast<int>(std::max(truth[p], said[p])),
                  " is out of range, there are ", in_truth.size(), " classes");
    }
    labelled[p] = 1;
    in_truth[truth[p]] = in_labels[said[p]] = 1;
  }
  // Boundaries in void are nobody's statement: the truth's count up to the tolerance, the others
  // where they are right.
  const std::vector<uint8_t> everywhere(said.size(), 1);
  std::vector<uint8_t> known = labelled;
  const std::vector<int64_t> from_labels = SquaredDistancesTo(labelled, height, width);
  for (size_t p = 0; p < known.size(); ++p) {
    if (static_cast<double>(from_labels[p]) <= reach) known[p] = 1;
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
      f1 = F1(CountNear(of_labels, of_truth, labelled, everywhere, reach),
              CountNear(of_truth, of_labels, known, known, reach));
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
