#include "regions/recall.h"

#include <algorithm>
#include <map>
#include <opencv2/core.hpp>

#include "base/error.h"
#include "regions/overlaps.h"

namespace seglab {
namespace {

constexpr int kVoid = 255;

}  // namespace

CoverageCurve::CoverageCurve(std::vector<int> counts)
    : counts_(std::move(counts)), sums_(counts_.size()) {}

void CoverageCurve::AddObject(const std::vector<double>& overlaps) {
  ++objects_;
  for (size_t i = 0; i < counts_.size(); ++i) {
    const size_t all = overlaps.size();
    const size_t n = counts_[i] == 0 ? all : std::min(all, static_cast<size_t>(counts_[i]));
    const double best =
        n == 0 ? 0
               : *std::max_element(overlaps.begin(), overlaps.begin() + static_cast<int64_t>(n));
    sums_[i].at_50 += best >= 0.5;
    sums_[i].at_70 += best >= 0.7;
    sums_[i].best += best;
  }
}

std::vector<CoveragePoint> CoverageCurve::Points() const {
  std::vector<CoveragePoint> points;
  const auto n = static_cast<double>(std::max<int64_t>(objects_, 1));
  for (size_t i = 0; i < counts_.size(); ++i) {
    points.push_back({counts_[i], static_cast<double>(sums_[i].at_50) / n,
                      static_cast<double>(sums_[i].at_70) / n, sums_[i].best / n});
  }
  return points;
}

double BoxOverlap(const cv::Rect& a, const cv::Rect& b) {
  const auto area = [](const cv::Rect& r) { return static_cast<double>(r.width) * r.height; };
  const double both = area(a & b);
  return both / (area(a) + area(b) - both);
}

std::vector<cv::Rect> ObjectBoxes(const cv::Mat& objects) {
  cv::Mat labels;
  objects.convertTo(labels, CV_32S);
  std::map<int, cv::Rect> boxes;
  for (int y = 0; y < labels.rows; ++y) {
    const auto* row = labels.ptr<int>(y);
    for (int x = 0; x < labels.cols; ++x) {
      if (row[x] != 0 && row[x] != kVoid) boxes[row[x]] |= cv::Rect(x, y, 1, 1);
    }
  }
  std::vector<cv::Rect> out;
  for (const auto& [label, box] : boxes) out.push_back(box);
  return out;
}

void RecallStudy::Add(const RegionSet& set, const cv::Mat& objects) {
  const OverlapTable table = Overlaps(set, objects);
  const std::vector<cv::Rect> boxes = ObjectBoxes(objects);
  std::vector<double> of_boxes(table.regions()), of_masks(table.regions());
  for (size_t o = 0; o < boxes.size(); ++o) {
    for (size_t r = 0; r < table.regions(); ++r) {
      of_boxes[r] = BoxOverlap(set.regions()[r].box, boxes[o]);
      of_masks[r] = table.Overlap(r, o);
    }
    boxes_.AddObject(of_boxes);
    masks_.AddObject(of_masks);
  }
  ++images_;
  proposals_ += static_cast<int64_t>(table.regions());
}

}  // namespace seglab
