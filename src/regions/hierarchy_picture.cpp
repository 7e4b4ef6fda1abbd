#include "regions/hierarchy_picture.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <string>

namespace seglab {
namespace {

constexpr int kColumns = 3, kGap = 20, kCaption = 34;  // pixels of the sheet
constexpr int kPanelSide = 600;                        // the longer side of a panel

/// The region of each pixel, CV_32SC1.
cv::Mat RegionMap(const WholeHierarchy& hierarchy, int count) {
  const MergeTree& tree = hierarchy.tree;
  std::vector<int> of_leaf(static_cast<size_t>(tree.leaves));
  int number = 0;
  for (int node : tree.Partition(count)) {
    const auto i = static_cast<size_t>(node);
    std::fill(of_leaf.begin() + tree.first[i], of_leaf.begin() + tree.last[i], number++);
  }
  cv::Mat_<int> map = hierarchy.segments.map.clone();
  for (int& pixel : map) {
    pixel = of_leaf[static_cast<size_t>(tree.first[static_cast<size_t>(pixel)])];
  }
  return map;
}

cv::Mat MeanColors(const cv::Mat& image, const cv::Mat& map, int count) {
  std::vector<cv::Vec4d> sums(static_cast<size_t>(count), cv::Vec4d::all(0));
  for (int y = 0; y < map.rows; ++y) {
    for (int x = 0; x < map.cols; ++x) {
      const auto& color = image.at<cv::Vec3b>(y, x);
      sums[static_cast<size_t>(map.at<int>(y, x))] += cv::Vec4d(color[0], color[1], color[2], 1);
    }
  }
  cv::Mat out(map.size(), CV_8UC3);
  for (int y = 0; y < map.rows; ++y) {
    for (int x = 0; x < map.cols; ++x) {
      const cv::Vec4d& sum = sums[static_cast<size_t>(map.at<int>(y, x))];
      for (int c = 0; c < 3; ++c) {
        out.at<cv::Vec3b>(y, x)[c] = cv::saturate_cast<uint8_t>(sum[c] / sum[3]);
      }
    }
  }
  return out;
}

/// Lines of the sheet's resolution, so that they are thin at any size of image, and a little
/// transparent, so that many small regions still show their colours.
void DrawLines(cv::Mat& panel, const cv::Mat& map) {
  for (int y = 0; y < map.rows; ++y) {
    const auto* row = map.ptr<int>(y);
    const auto* below = map.ptr<int>(std::min(y + 1, map.rows - 1));
    for (int x = 0; x < map.cols; ++x) {
      if (row[x] == row[std::min(x + 1, map.cols - 1)] && row[x] == below[x]) continue;
      auto& pixel = panel.at<cv::Vec3b>(y, x);
      for (int c = 0; c < 3; ++c) pixel[c] = static_cast<uint8_t>((pixel[c] + 2 * 255) / 3);
    }
  }
}

cv::Mat Panel(const WholeHierarchy& hierarchy, int count, cv::Size size) {
  const cv::Mat map = RegionMap(hierarchy, count);
  cv::Mat panel, large_map;
  cv::resize(MeanColors(hierarchy.image, map, count), panel, size, 0, 0, cv::INTER_NEAREST);
  cv::resize(map, large_map, size, 0, 0, cv::INTER_NEAREST);
  DrawLines(panel, large_map);
  return panel;
}

}  // namespace

cv::Mat HierarchyPicture(const WholeHierarchy& hierarchy, const std::vector<int>& counts) {
  std::vector<int> shown = {hierarchy.tree.leaves};
  for (int count : counts) {
    if (count < hierarchy.tree.leaves) shown.push_back(count);
  }
  const cv::Size image = hierarchy.image.size();
  const double scale = static_cast<double>(kPanelSide) / std::max(image.width, image.height);
  const cv::Size panel(std::max(1, static_cast<int>(image.width * scale)),
                       std::max(1, static_cast<int>(image.height * scale)));
  const int number = static_cast<int>(shown.size());
  const int columns = std::min(number, kColumns), rows = (number + kColumns - 1) / kColumns;
  cv::Mat sheet(rows * (panel.height + kCaption) + kGap, columns * (panel.width + kGap) + kGap,
                CV_8UC3, cv::Scalar::all(255));
  for (int i = 0; i < number; ++i) {
    const cv::Point corner(kGap + i % kColumns * (panel.width + kGap),
                           kGap + i / kColumns * (panel.height + kCaption));
    const int count = shown[static_cast<size_t>(i)];
    Panel(hierarchy, count, panel).copyTo(sheet(cv::Rect(corner, panel)));
    const std::string caption = std::to_string(count) + (i == 0 ? " segments" : " regions");
    cv::putText(sheet, caption, corner + cv::Point(0, panel.height + 22), cv::FONT_HERSHEY_SIMPLEX,
                0.6, cv::Scalar::all(60), 1, cv::LINE_AA);
  }
  return sheet;
}

}  // namespace seglab
