#include "regions/felzenszwalb.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/core/hal/hal.hpp>
#include <opencv2/imgproc.hpp>

#include "base/error.h"

namespace seglab {
namespace {

constexpr float kSteps = 128;  // of an edge's weight in a grey level: 255 sqrt(3) fits into 16 bits
constexpr int kWeights = 65536;
constexpr int kDirections = 4;  // right, down left, down, down right

std::vector<cv::Mat> SmoothPlanes(const cv::Mat& image, double sigma) {
  std::vector<cv::Mat> planes;
  cv::split(image, planes);
  for (cv::Mat& plane : planes) {
    plane.convertTo(plane, CV_32F);
    if (sigma > 0) {
      const int radius = static_cast<int>(std::ceil(4 * sigma));
      cv::GaussianBlur(plane, plane, cv::Size(2 * radius + 1, 2 * radius + 1), sigma, sigma,
                       cv::BORDER_REPLICATE);
    }
  }
  return planes;
}

/// The weights of the edges from row y into one direction, for pixels first ... last - 1.
void WeighEdges(const std::vector<cv::Mat>& planes, int y, int down, int right, int first, int last,
                float* distance, uint16_t* weights) {
  const int n = last - first;
  const float factor = planes.size() == 1 ? 3.0f : 1.0f;
  std::fill(distance, distance + n, 0.0f);
  for (const cv::Mat& plane : planes) {
    const float* a = plane.ptr<float>(y) + first;
    const float* b = plane.ptr<float>(y + down) + first + right;
    for (int i = 0; i < n; ++i) {
      const float difference = a[i] - b[i];
      distance[i] += factor * difference * difference;
    }
  }
  cv::hal::sqrt32f(distance, distance, n);
  for (int i = 0; i < n; ++i) {
    weights[i] = static_cast<uint16_t>(
        static_cast<int>(std::min(distance[i] * kSteps + 0.5f, kWeights - 1.0f)));
  }
}

/// Disjoint sets of pixels with what the predicate needs of each.
class PixelSets {
 public:
  PixelSets(size_t pixels, float threshold) : parent_(pixels, -1), threshold_(pixels, threshold) {}

  int Find(int pixel) {
    int* const parent = parent_.data();
    while (parent[pixel] >= 0) {
      const int above = parent[pixel];
      if (parent[above] < 0) return above;
      parent[pixel] = parent[above];  // path halving
      pixel = parent[above];
    }
    return pixel;
  }
  int Size(int root) const { return -parent_[static_cast<size_t>(root)]; }
  float& Threshold(int root) { return threshold_[static_cast<size_t>(root)]; }

  /// Joins two roots; the one that stays.
  int Join(int a, int b) {
    if (Size(a) < Size(b)) std::swap(a, b);
    parent_[static_cast<size_t>(a)] -= Size(b);
    parent_[static_cast<size_t>(b)] = a;
    return a;
  }

 private:
  std::vector<int> parent_;       // of a root: minus its number of pixels
  std::vector<float> threshold_;  // of a root, in steps: how heavy an edge may be to join it
};

}  // namespace

PixelGraph::PixelGraph(const cv::Mat& image, double sigma)
    : height_(image.rows), width_(image.cols), start_(kWeights + 1, 0) {
  if (image.empty() || (image.channels() != 1 && image.channels() != 3)) {
    throw Error("PixelGraph: the image has ", image.total(), " pixels of ", image.channels(),
                " channels, must have some of 1 or 3");
  }
  if (image.total() > (size_t{1} << 29)) {
    throw Error("PixelGraph: the image has ", image.total(),
                " pixels, must have at most 2^29; make it smaller");
  }
  const std::vector<cv::Mat> planes = SmoothPlanes(image, sigma);
  const auto width = static_cast<size_t>(width_);
  std::vector<uint16_t> weights(image.total() * kDirections);
  std::vector<float> distance(width);
  // A direction's weights lie together in each row: weights[(y * 4 + direction) * width + x].
  const auto for_each_run = [&](const auto& call) {
    for (int y = 0; y < height_; ++y) {
      const bool below = y + 1 < height_;
      const size_t row = static_cast<size_t>(y) * kDirections * width;
      call(y, 0, 0, 1, 0, width_ - 1, row);
      if (below && width_ > 1) call(y, 1, 1, -1, 1, width_, row + width);
      if (below) call(y, 2, 1, 0, 0, width_, row + 2 * width);
      if (below) call(y, 3, 1, 1, 0, width_ - 1, row + 3 * width);
    }
  };
  for_each_run([&](int y, int, int down, int right, int first, int last, size_t at) {
    uint16_t* out = weights.data() + at + static_cast<size_t>(first);
    WeighEdges(planes, y, down, right, first, last, distance.data(), out);
    for (int i = 0; i < last - first; ++i) ++start_[out[i] + size_t{1}];
  });
  for (size_t i = 1; i < start_.size(); ++i) start_[i] += start_[i - 1];
  edges_.resize(start_.back());
  std::vector<uint32_t> next(start_.begin(), start_.end() - 1);
  for_each_run([&](int y, int direction, int, int, int first, int last, size_t at) {
    for (int x = first; x < last; ++x) {
      const auto pixel =
          static_cast<uint32_t>(y) * static_cast<uint32_t>(width_) + static_cast<uint32_t>(x);
      edges_[next[weights[at + static_cast<size_t>(x)]]++] =
          kDirections * pixel + static_cast<uint32_t>(direction);
    }
  });
}

Segments PixelGraph::Segment(double k, int min_size) const {
  const std::array<int, kDirections> step = {1, width_ - 1, width_, width_ + 1};
  const auto ends = [&step](uint32_t edge) {
    const int pixel = static_cast<int>(edge / kDirections);
    return std::array{pixel, pixel + step[edge % kDirections]};
  };
  const auto scaled = static_cast<float>(k * kSteps);
  const size_t pixels = static_cast<size_t>(height_) * static_cast<size_t>(width_);
  PixelSets sets(pixels, scaled);
  // Ends that an edge leaves apart; all others are in one set for good.
  std::vector<uint32_t> apart;
  for (size_t w = 0; w < kWeights; ++w) {
    const auto weight = static_cast<float>(w);
    for (uint32_t e = start_[w]; e < start_[w + 1]; ++e) {
      const auto [p, q] = ends(edges_[e]);
      const int a = sets.Find(p), b = sets.Find(q);
      if (a == b) continue;
      if (weight <= sets.Threshold(a) && weight <= sets.Threshold(b)) {
        const int root = sets.Join(a, b);
        sets.Threshold(root) = weight + scaled / static_cast<float>(sets.Size(root));
      } else {
        apart.push_back(edges_[e]);
      }
    }
  }
  for (uint32_t edge : apart) {
    const auto [p, q] = ends(edge);
    const int a = sets.Find(p), b = sets.Find(q);
    if (a != b && (sets.Size(a) < min_size || sets.Size(b) < min_size)) sets.Join(a, b);
  }

  Segments out;
  out.map.create(height_, width_, CV_32SC1);
  std::vector<int> number(pixels, -1);
  auto* map = out.map.ptr<int>();
  for (size_t p = 0; p < pixels; ++p) {
    int& n = number[static_cast<size_t>(sets.Find(static_cast<int>(p)))];
    if (n < 0) n = out.count++;
    map[p] = n;
  }
  return out;
}

}  // namespace seglab
