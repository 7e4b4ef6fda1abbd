#pragma once

#include <algorithm>
#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

#include "base/random.h"
#include "regions/region_scores.h"
#include "regions/region_set.h"

namespace seglab {

/// Regions drawn by hand: lines of '#' (inside) and anything else, each line a row of the image.
/// Every drawing is a hierarchy of its own.
inline RegionSet DrawRegions(int height, int width,
                             const std::vector<std::vector<std::string>>& drawings) {
  std::vector<cv::Mat> maps;
  std::vector<RegionSet::Hierarchy> hierarchies;
  std::vector<Region> regions;
  for (const std::vector<std::string>& drawing : drawings) {
    cv::Mat map(height, width, CV_32SC1);
    int64_t area = 0;
    int top = height, left = width, bottom = 0, right = 0;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const bool inside = drawing.at(static_cast<size_t>(y)).at(static_cast<size_t>(x)) == '#';
        map.ptr<int>(y)[x] = inside ? 0 : 1;
        if (!inside) continue;
        ++area;
        top = std::min(top, y);
        left = std::min(left, x);
        bottom = std::max(bottom, y + 1);
        right = std::max(right, x + 1);
      }
    }
    const auto index = static_cast<int>(maps.size());
    const bool whole = area == static_cast<int64_t>(height) * width;
    maps.push_back(map);
    hierarchies.push_back({index, whole ? std::vector<int>{0} : std::vector<int>{0, 1}});
    regions.push_back({{left, top, right - left, bottom - top}, index, 0, 1, 1, area, 0});
  }
  return {height, width, maps, hierarchies, regions};
}

/// Random rectangles with holes.
inline RegionSet RandomRegions(int height, int width, int count, RandomStream& random) {
  std::vector<std::vector<std::string>> drawings;
  for (int r = 0; r < count; ++r) {
    std::vector<std::string> drawing(static_cast<size_t>(height),
                                     std::string(static_cast<size_t>(width), '.'));
    const int64_t top = random.Int(height), left = random.Int(width);
    const int64_t bottom = random.Int(top, height - 1), right = random.Int(left, width - 1);
    for (int64_t y = top; y <= bottom; ++y) {
      for (int64_t x = left; x <= right; ++x) {
        if (random.Chance(.8)) drawing[static_cast<size_t>(y)][static_cast<size_t>(x)] = '#';
      }
    }
    drawing[static_cast<size_t>(top)][static_cast<size_t>(left)] = '#';
    drawings.push_back(drawing);
  }
  return DrawRegions(height, width, drawings);
}

/// Multiples of `grain`, so that many are equal, around -1.
inline RegionScores RandomScores(int64_t regions, int64_t classes, double grain,
                                 RandomStream& random) {
  RegionScores scores{regions, classes, {}};
  for (int64_t i = 0; i < regions * classes; ++i) {
    scores.values.push_back(static_cast<float>(grain * static_cast<double>(random.Int(-8, 4))));
  }
  return scores;
}

}  // namespace seglab
