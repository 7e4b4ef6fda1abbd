#include "regions/region_set.h"

#include <algorithm>

#include "base/error.h"

namespace seglab {
namespace {

[[noreturn]] void Damaged(const char* what) {
  throw Error("RegionSet: ", what, "; the proposals must be computed again");
}

int CountSegments(const cv::Mat& map) {
  if (map.type() != CV_32SC1 || map.empty()) Damaged("a segment map is empty or not CV_32SC1");
  int last = 0;
  for (int y = 0; y < map.rows; ++y) {
    const auto* row = map.ptr<int>(y);
    const auto [low, high] = std::minmax_element(row, row + map.cols);
    if (*low < 0) Damaged("a segment map has negative numbers");
    last = std::max(last, *high);
  }
  return last + 1;
}

void CheckPermutation(const std::vector<int>& numbers, int size) {
  std::vector<char> seen(static_cast<size_t>(size), 0);
  if (numbers.size() != seen.size()) Damaged("a hierarchy has not as many leaves as segments");
  for (int number : numbers) {
    if (number < 0 || number >= size || seen[static_cast<size_t>(number)]++ != 0) {
      Damaged("a hierarchy numbers a leaf twice");
    }
  }
}

}  // namespace

std::vector<int> NearestIndices(int size, int working) {
  std::vector<int> indices(static_cast<size_t>(size));
  for (int64_t i = 0; i < size; ++i) {
    indices[static_cast<size_t>(i)] =
        static_cast<int>((2 * i + 1) * working / (2 * static_cast<int64_t>(size)));
  }
  return indices;
}

RegionSet::RegionSet(int height, int width, std::vector<cv::Mat> segment_maps,
                     std::vector<Hierarchy> hierarchies, std::vector<Region> regions)
    : height_(height),
      width_(width),
      segment_maps_(std::move(segment_maps)),
      hierarchies_(std::move(hierarchies)),
      regions_(std::move(regions)) {
  if (height < 1 || width < 1) Damaged("the image has no pixels");
  std::vector<int> segments;
  for (const cv::Mat& map : segment_maps_) segments.push_back(CountSegments(map));
  for (const Hierarchy& hierarchy : hierarchies_) {
    const int map = hierarchy.segment_map;
    if (map < 0 || map >= static_cast<int>(segments.size())) Damaged("a segment map is missing");
    CheckPermutation(hierarchy.leaf_of_segment, segments[static_cast<size_t>(map)]);
  }
  const cv::Rect image(0, 0, width, height);
  for (const Region& r : regions_) {
    if (r.hierarchy < 0 || r.hierarchy >= static_cast<int>(hierarchies_.size())) {
      Damaged("a hierarchy is missing");
    }
    const auto leaves = hierarchies_[static_cast<size_t>(r.hierarchy)].leaf_of_segment.size();
    if (r.first < 0 || r.first >= r.last || r.last > static_cast<int>(leaves)) {
      Damaged("a region has leaves that its hierarchy has not");
    }
    if (r.box.empty() || (r.box & image) != r.box) Damaged("a region is not inside the image");
  }
}

cv::Mat RegionSet::Mask(size_t region) const {
  const Region& r = regions_.at(region);
  const Hierarchy& hierarchy = hierarchies_[static_cast<size_t>(r.hierarchy)];
  const cv::Mat& map = segment_maps_[static_cast<size_t>(hierarchy.segment_map)];
  const std::vector<int> rows = NearestIndices(height_, map.rows);
  const std::vector<int> columns = NearestIndices(width_, map.cols);
  cv::Mat mask(r.box.height, r.box.width, CV_8UC1);
  const int* row = rows.data() + r.box.y;
  const int* column = columns.data() + r.box.x;
  for (int y = 0; y < mask.rows; ++y) {
    const auto* segments = map.ptr<int>(row[y]);
    auto* out = mask.ptr<uint8_t>(y);
    for (int x = 0; x < mask.cols; ++x) {
      const int segment = segments[column[x]];
      const int leaf = hierarchy.leaf_of_segment[static_cast<size_t>(segment)];
      out[x] = leaf >= r.first && leaf < r.last ? 1 : 0;
    }
  }
  return mask;
}

cv::Mat RegionSet::LeafMap(int hierarchy) const {
  const Hierarchy& h = hierarchies_.at(static_cast<size_t>(hierarchy));
  const cv::Mat& map = segment_maps_[static_cast<size_t>(h.segment_map)];
  const std::vector<int> rows = NearestIndices(height_, map.rows);
  const std::vector<int> columns = NearestIndices(width_, map.cols);
  cv::Mat leaves(height_, width_, CV_32SC1);
  for (int y = 0; y < height_; ++y) {
    const auto* segments = map.ptr<int>(rows[static_cast<size_t>(y)]);
    auto* out = leaves.ptr<int>(y);
    for (int x = 0; x < width_; ++x) {
      out[x] = h.leaf_of_segment[static_cast<size_t>(segments[columns[static_cast<size_t>(x)]])];
    }
  }
  return leaves;
}

void RegionSet::Truncate(size_t count) {
  if (count < regions_.size()) regions_.resize(count);
}

}  // namespace seglab
