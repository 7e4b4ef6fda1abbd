#include "metrics/boundary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace seglab {
namespace {

/// By definition: all pairs.
std::vector<int64_t> AllPairs(const std::vector<uint8_t>& labels, int64_t height, int64_t width) {
  const auto at = [&](int64_t y, int64_t x) { return labels[static_cast<size_t>(y * width + x)]; };
  std::vector<int64_t> distances(labels.size(), kNoBoundary);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      bool edge = false;
      for (auto [dy, dx] : {std::pair{0, 1}, {0, -1}, {1, 0}, {-1, 0}}) {
        const int64_t v = y + dy, u = x + dx;
        edge |= v >= 0 && v < height && u >= 0 && u < width && at(v, u) != at(y, x);
      }
      if (!edge) continue;
      for (int64_t v = 0; v < height; ++v) {
        for (int64_t u = 0; u < width; ++u) {
          int64_t& d = distances[static_cast<size_t>(v * width + u)];
          d = std::min(d, (v - y) * (v - y) + (u - x) * (u - x));
        }
      }
    }
  }
  return distances;
}

TEST(BoundaryTest, IsTheNearestOfAllPairs) {
  std::mt19937 random(5);
  for (auto [h, w] : {std::pair{1, 9}, {9, 1}, {23, 31}, {40, 17}}) {
    for (unsigned rarity : {2u, 40u, 300u}) {
      std::vector<uint8_t> labels;
      for (int64_t i = 0; i < h * w; ++i) labels.push_back(random() % rarity == 0 ? 255 : 3);
      EXPECT_EQ(SquaredBoundaryDistances(labels.data(), h, w), AllPairs(labels, h, w));
    }
  }
}

TEST(BoundaryTest, OneLabelHasNone) {
  const std::vector<uint8_t> labels(12, 7);
  for (int64_t d : SquaredBoundaryDistances(labels.data(), 3, 4)) EXPECT_EQ(d, kNoBoundary);
}

TEST(BoundaryTest, PixelsBesideAnotherLabelAreAtIt) {
  const std::vector<uint8_t> labels = {0, 0, 0, 1, 1};
  EXPECT_EQ(SquaredBoundaryDistances(labels.data(), 1, 5), (std::vector<int64_t>{4, 1, 0, 0, 1}));
}

}  // namespace
}  // namespace seglab
