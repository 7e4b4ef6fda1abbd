#include "regions/overlaps.h"

#include <opencv2/core.hpp>

#include "base/error.h"

namespace seglab {
namespace {

constexpr int kNoObject = 0, kIgnored = 255;

/// The pixels that two labellings have in common: counts[segment * labels + column].
std::vector<int64_t> CountTogether(const cv::Mat& segments, const cv::Mat& columns, int labels) {
  double highest = 0;
  cv::minMaxIdx(segments, nullptr, &highest);
  const auto width = static_cast<size_t>(labels);
  std::vector<int64_t> counts((static_cast<size_t>(highest) + 1) * width, 0);
  const std::vector<int> rows = NearestIndices(columns.rows, segments.rows);
  const std::vector<int> across = NearestIndices(columns.cols, segments.cols);
  for (int y = 0; y < columns.rows; ++y) {
    const auto* segment = segments.ptr<int>(rows[static_cast<size_t>(y)]);
    const auto* column = columns.ptr<int>(y);
    for (int x = 0; x < columns.cols; ++x) {
      if (column[x] < 0) continue;
      const auto s = static_cast<size_t>(segment[across[static_cast<size_t>(x)]]);
      ++counts[s * width + static_cast<size_t>(column[x])];
    }
  }
  return counts;
}

}  // namespace

OverlapTable Overlaps(const RegionSet& set, const cv::Mat& objects) {
  if (objects.type() != CV_8UC1 && objects.type() != CV_16UC1) {
    throw Error("Overlaps: objects must have one channel of 8 or 16 bit");
  }
  if (objects.rows != set.height() || objects.cols != set.width()) {
    throw Error("Overlaps: the objects are of ", objects.rows, " x ", objects.cols,
                " pixels (rows x columns), the image of ", set.height(), " x ", set.width());
  }
  // The column of each pixel: objects in the order of labels, then the background; void below 0.
  cv::Mat_<int> columns;
  objects.convertTo(columns, CV_32S);
  std::vector<int> column_of(65536, 0);
  for (int label : columns) column_of[static_cast<size_t>(label)] = 1;
  OverlapTable table;
  for (int label = 0; label < 65536; ++label) {
    int& column = column_of[static_cast<size_t>(label)];
    if (column == 0 || label == kNoObject || label == kIgnored) continue;
    column = static_cast<int>(table.objects_.size());
    table.objects_.push_back(label);
  }
  const size_t n = table.objects_.size();
  column_of[kNoObject] = static_cast<int>(n);
  column_of[kIgnored] = -1;
  for (int& label : columns) label = column_of[static_cast<size_t>(label)];

  std::vector<std::vector<int64_t>> together;
  for (const cv::Mat& map : set.segment_maps()) {
    together.push_back(CountTogether(map, columns, static_cast<int>(n) + 1));
  }
  table.object_area_.assign(n, 0);
  if (!together.empty()) {
    for (size_t i = 0; i < together[0].size(); ++i) {
      if (i % (n + 1) < n) table.object_area_[i % (n + 1)] += together[0][i];
    }
  }
  // Sums over the leaves before each leaf of a hierarchy: a run is the difference of two of them.
  std::vector<std::vector<int64_t>> before;
  for (const RegionSet::Hierarchy& hierarchy : set.hierarchies()) {
    const auto& counts = together[static_cast<size_t>(hierarchy.segment_map)];
    const size_t leaves = hierarchy.leaf_of_segment.size();
    std::vector<int64_t> sums((leaves + 1) * (n + 1), 0);
    for (size_t s = 0; s < leaves; ++s) {
      const auto leaf = static_cast<size_t>(hierarchy.leaf_of_segment[s]);
      for (size_t i = 0; i <= n; ++i) sums[(leaf + 1) * (n + 1) + i] = counts[s * (n + 1) + i];
    }
    for (size_t i = n + 1; i < sums.size(); ++i) sums[i] += sums[i - (n + 1)];
    before.push_back(std::move(sums));
  }
  for (const Region& region : set.regions()) {
    const auto& sums = before[static_cast<size_t>(region.hierarchy)];
    const int64_t* first = sums.data() + static_cast<size_t>(region.first) * (n + 1);
    const int64_t* last = sums.data() + static_cast<size_t>(region.last) * (n + 1);
    int64_t area = 0;
    for (size_t i = 0; i <= n; ++i) {
      area += last[i] - first[i];
      if (i < n) table.intersection_.push_back(last[i] - first[i]);
    }
    table.region_area_.push_back(area);
  }
  return table;
}

}  // namespace seglab
