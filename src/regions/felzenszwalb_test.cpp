#include "regions/felzenszwalb.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <opencv2/core.hpp>

#include "base/random.h"
#include "base/test_error.h"

namespace seglab {
namespace {

std::vector<int> Numbers(const Segments& segments) {
  return {segments.map.begin<int>(), segments.map.end<int>()};
}

cv::Mat Noise(int height, int width, int type, int levels, uint64_t seed) {
  cv::Mat image(height, width, type);
  RandomStream random(seed);
  for (int y = 0; y < height; ++y) {
    auto* row = image.ptr<uint8_t>(y);
    for (int i = 0; i < width * image.channels(); ++i) {
      row[i] = static_cast<uint8_t>(random.Int(levels));
    }
  }
  return image;
}

/// The algorithm as the paper writes it, on a grey image; weights in steps of 1/128.
std::vector<int> Slow(const cv::Mat& grey, double k, int min_size) {
  struct Edge {
    double weight;
    int a, b;
  };
  std::vector<Edge> edges;
  const int h = grey.rows, w = grey.cols;
  for (int y = 0; y < h; ++y) {
    for (int direction = 0; direction < 4; ++direction) {
      const int dy = direction == 0 ? 0 : 1, dx = direction == 0 ? 1 : direction - 2;
      for (int x = 0; x < w; ++x) {
        if (y + dy >= h || x + dx < 0 || x + dx >= w) continue;
        const double d = grey.at<uint8_t>(y, x) - grey.at<uint8_t>(y + dy, x + dx);
        const double weight = std::round(128 * std::sqrt(3 * d * d)) / 128;
        edges.push_back({weight, y * w + x, (y + dy) * w + x + dx});
      }
    }
  }
  std::stable_sort(edges.begin(), edges.end(),
                   [](const Edge& a, const Edge& b) { return a.weight < b.weight; });
  std::vector<int> set(static_cast<size_t>(h * w));
  std::iota(set.begin(), set.end(), 0);
  std::vector<double> inside(set.size(), 0.0);
  const auto size = [&set](int a) { return std::count(set.begin(), set.end(), a); };
  const auto join = [&](int a, int b) { std::replace(set.begin(), set.end(), b, a); };
  for (const Edge& edge : edges) {
    const int a = set[static_cast<size_t>(edge.a)], b = set[static_cast<size_t>(edge.b)];
    if (a == b) continue;
    const double least =
        std::min(inside[static_cast<size_t>(a)] + k / static_cast<double>(size(a)),
                 inside[static_cast<size_t>(b)] + k / static_cast<double>(size(b)));
    if (edge.weight > least) continue;
    join(a, b);
    inside[static_cast<size_t>(a)] = edge.weight;
  }
  for (const Edge& edge : edges) {
    const int a = set[static_cast<size_t>(edge.a)], b = set[static_cast<size_t>(edge.b)];
    if (a != b && (size(a) < min_size || size(b) < min_size)) join(a, b);
  }
  std::vector<int> seen;
  for (int& number : set) {
    const auto at = std::find(seen.begin(), seen.end(), number);
    if (at == seen.end()) seen.push_back(number);
    number = static_cast<int>(std::find(seen.begin(), seen.end(), number) - seen.begin());
  }
  return set;
}

TEST(FelzenszwalbTest, AgreesWithTheTextbookOnNoise) {
  for (uint64_t seed = 0; seed < 6; ++seed) {
    const cv::Mat image = Noise(13, 17, CV_8UC1, 9 + 40 * static_cast<int>(seed), seed);
    const PixelGraph graph(image, 0);
    for (double k : {7.1, 31.3, 150.7}) {
      for (int min_size : {1, 6}) {
        const Segments segments = graph.Segment(k, min_size);
        EXPECT_EQ(Numbers(segments), Slow(image, k, min_size)) << seed << " " << k;
        EXPECT_EQ(segments.count, 1 + std::ranges::max(Numbers(segments)));
      }
    }
  }
}

TEST(FelzenszwalbTest, FindsFlatPartsThatOnlyTouchAtACorner) {
  const cv::Mat image = (cv::Mat_<uint8_t>(4, 4) << 9, 9, 200, 200,  //
                         9, 9, 200, 200,                             //
                         200, 200, 9, 9,                             //
                         200, 200, 9, 9);
  const Segments segments = PixelGraph(image, 0).Segment(10, 1);
  EXPECT_EQ(Numbers(segments), (std::vector<int>{0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0}));
}

TEST(FelzenszwalbTest, OneChannelIsThreeEqualOnes) {
  const cv::Mat grey = Noise(20, 30, CV_8UC1, 60, 3);
  cv::Mat three;
  cv::merge(std::vector<cv::Mat>(3, grey), three);
  const Segments a = PixelGraph(grey, 0.8).Segment(90, 4);
  const Segments b = PixelGraph(three, 0.8).Segment(90, 4);
  EXPECT_GT(a.count, 3);
  EXPECT_EQ(Numbers(a), Numbers(b));
}

TEST(FelzenszwalbTest, SegmentsHaveTheLeastSize) {
  const PixelGraph graph(Noise(40, 50, CV_8UC3, 256, 4), 0.8);
  for (int min_size : {5, 50, 3000}) {
    const Segments segments = graph.Segment(20, min_size);
    std::vector<int> sizes(static_cast<size_t>(segments.count), 0);
    for (int number : Numbers(segments)) ++sizes[static_cast<size_t>(number)];
    EXPECT_GE(std::ranges::min(sizes), std::min(min_size, 2000));
    EXPECT_EQ(segments.count == 1, min_size == 3000);
  }
}

TEST(FelzenszwalbTest, SmoothingTakesNoiseAway) {
  const cv::Mat image = Noise(30, 30, CV_8UC1, 20, 6);
  EXPECT_GT(PixelGraph(image, 0).Segment(20, 1).count, 50);
  EXPECT_LT(PixelGraph(image, 2).Segment(20, 1).count, 10);
}

TEST(FelzenszwalbTest, TinyAndFlatImagesAreOneSegment) {
  for (const cv::Size size : {cv::Size(1, 1), cv::Size(1, 5), cv::Size(5, 1), cv::Size(2, 2)}) {
    for (int type : {CV_8UC1, CV_8UC3, CV_32FC1}) {
      const Segments segments =
          PixelGraph(cv::Mat(size, type, cv::Scalar::all(7)), 0.8).Segment(1, 1);
      EXPECT_EQ(segments.count, 1);
      EXPECT_EQ(Numbers(segments), std::vector<int>(static_cast<size_t>(size.area()), 0));
    }
  }
}

TEST(FelzenszwalbTest, RefusesOtherChannels) {
  EXPECT_THAT(ErrorOf([] { PixelGraph(cv::Mat(2, 2, CV_8UC2), 0); }), testing::HasSubstr("1 or 3"));
  EXPECT_THAT(ErrorOf([] { PixelGraph(cv::Mat(), 0); }), testing::HasSubstr("0 pixels"));
}

}  // namespace
}  // namespace seglab
