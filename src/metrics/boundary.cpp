#include "metrics/boundary.h"

#include <algorithm>
#include <cstddef>

namespace seglab {
namespace {

/// The lower envelope of the parabolas (x - q)^2 + f(q), in place, over `n` values `step` apart.
class Envelope {
 public:
  explicit Envelope(int64_t longest)
      : at_(static_cast<size_t>(longest)),
        from_(static_cast<size_t>(longest) + 1),
        values_(static_cast<size_t>(longest)) {}

  void Transform(int64_t* f, int64_t n, int64_t step) {
    size_t count = 0;
    for (int64_t q = 0; q < n; ++q) {
      const int64_t value = f[q * step];
      values_[static_cast<size_t>(q)] = value;
      if (value >= kNoBoundary) continue;
      double start = -1e300;
      while (count > 0) {
        const int64_t p = at_[count - 1];
        const double pv = static_cast<double>(values_[static_cast<size_t>(p)] + p * p);
        start = (static_cast<double>(value + q * q) - pv) / (2.0 * static_cast<double>(q - p));
        if (start > from_[count - 1]) break;
        --count;
        start = -1e300;
      }
      at_[count] = q;
      from_[count] = start;
      ++count;
    }
    if (count == 0) return;
    size_t k = 0;
    for (int64_t x = 0; x < n; ++x) {
      while (k + 1 < count && from_[k + 1] < static_cast<double>(x)) ++k;
      const int64_t q = at_[k];
      f[x * step] = (x - q) * (x - q) + values_[static_cast<size_t>(q)];
    }
  }

 private:
  std::vector<int64_t> at_;      // where each parabola of the envelope has its foot
  std::vector<double> from_;     // where it begins to be the lowest
  std::vector<int64_t> values_;  // f before the transform
};

/// From 0 where something lies and kNoBoundary elsewhere to the distances from it.
void Transform(std::vector<int64_t>& distances, int64_t height, int64_t width) {
  Envelope envelope(std::max(height, width));
  for (int64_t x = 0; x < width; ++x) envelope.Transform(distances.data() + x, height, width);
  for (int64_t y = 0; y < height; ++y) envelope.Transform(distances.data() + y * width, width, 1);
}

}  // namespace

std::vector<int64_t> SquaredBoundaryDistances(const uint8_t* labels, int64_t height,
                                              int64_t width) {
  std::vector<int64_t> distances(static_cast<size_t>(height * width), kNoBoundary);
  const auto differ = [&](int64_t y, int64_t x, int64_t other_y, int64_t other_x) {
    if (other_y < 0 || other_y >= height || other_x < 0 || other_x >= width) return false;
    return labels[y * width + x] != labels[other_y * width + other_x];
  };
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      if (differ(y, x, y - 1, x) || differ(y, x, y + 1, x) || differ(y, x, y, x - 1) ||
          differ(y, x, y, x + 1)) {
        distances[static_cast<size_t>(y * width + x)] = 0;
      }
    }
  }
  Transform(distances, height, width);
  return distances;
}

std::vector<int64_t> SquaredDistancesTo(const std::vector<uint8_t>& set, int64_t height,
                                        int64_t width) {
  std::vector<int64_t> distances(set.size());
  for (size_t p = 0; p < set.size(); ++p) distances[p] = set[p] != 0 ? 0 : kNoBoundary;
  Transform(distances, height, width);
  return distances;
}

}  // namespace seglab
