#include "data/shapes/raster.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace seglab::shapes {
namespace {

constexpr int kSubRows = 4;
constexpr int kSubRowHeight = kPixel / kSubRows;

int FloorDiv(int a, int b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }
int CeilDiv(int a, int b) { return -FloorDiv(-a, b); }

int64_t TwiceArea(const std::vector<Point>& contour) {
  int64_t area = 0;
  for (size_t i = 0; i < contour.size(); ++i) {
    const Point& p = contour[i];
    const Point& q = contour[(i + 1) % contour.size()];
    area += int64_t{p.x} * q.y - int64_t{q.x} * p.y;
  }
  return area;
}

std::vector<Point> EllipsePoints(Point center, int radius_x, int radius_y) {
  constexpr int kCorners = 32;
  std::vector<Point> points;
  points.reserve(kCorners);
  for (int i = 0; i < kCorners; ++i) {
    const int angle = i * (kTurn / kCorners);
    points.push_back({center.x + ((radius_x * Cosine(angle)) >> kSineBits),
                      center.y + ((radius_y * Sine(angle)) >> kSineBits)});
  }
  return points;
}

}  // namespace

int Sine(int angle) {
  // Rounding to 14 bits hides the last bit in which the sines of libraries differ.
  static const std::array<int, kTurn> table = [] {
    std::array<int, kTurn> values{};
    for (int i = 0; i < kTurn; ++i) {
      values[i] = static_cast<int>(
          std::lround(std::sin(i * (2.0 * 3.14159265358979323846 / kTurn)) * (1 << kSineBits)));
    }
    return values;
  }();
  return table[static_cast<unsigned>(angle) % kTurn];
}

int Cosine(int angle) { return Sine(angle + kTurn / 4); }

Point Polar(Point center, int radius, int angle) {
  return {center.x + ((radius * Cosine(angle)) >> kSineBits),
          center.y + ((radius * Sine(angle)) >> kSineBits)};
}

void Path::Solid(std::vector<Point> contour) {
  if (TwiceArea(contour) < 0) std::reverse(contour.begin(), contour.end());
  contours_.push_back(std::move(contour));
}

void Path::Hole(std::vector<Point> contour) {
  if (TwiceArea(contour) > 0) std::reverse(contour.begin(), contour.end());
  contours_.push_back(std::move(contour));
}

void Path::Ellipse(Point center, int radius_x, int radius_y) {
  Solid(EllipsePoints(center, radius_x, radius_y));
}

void Path::Ring(Point center, int radius, int width) {
  Solid(EllipsePoints(center, radius, radius));
  Hole(EllipsePoints(center, radius - width, radius - width));
}

void Path::Stroke(Point from, Point to, int width) {
  const int dx = to.x - from.x;
  const int dy = to.y - from.y;
  // The square root is exactly rounded wherever floating point follows IEEE 754.
  const int length = std::max(
      1, static_cast<int>(std::sqrt(static_cast<double>(int64_t{dx} * dx + int64_t{dy} * dy))));
  const Point along{dx * (width / 2) / length, dy * (width / 2) / length};
  const Point across{-along.y, along.x};
  // Half of a regular octagon at each end.
  const auto at = [&](Point base, int a, int c) {
    return Point{base.x + (along.x * a + across.x * c) / 100,
                 base.y + (along.y * a + across.y * c) / 100};
  };
  Solid({at(from, 0, 100), at(from, -71, 71), at(from, -100, 0), at(from, -71, -71),
         at(from, 0, -100), at(to, 0, -100), at(to, 71, -71), at(to, 100, 0), at(to, 71, 71),
         at(to, 0, 100)});
}

Path Place(const Path& path, const Placement& placement) {
  const int64_t cosine = Cosine(placement.angle);
  const int64_t sine = Sine(placement.angle);
  constexpr int kShift = kSineBits + 12;
  static_assert(kUnit == 1 << 12);
  Path placed = path;
  for (std::vector<Point>& contour : placed.contours_) {
    for (Point& point : contour) {
      const int64_t x = placement.mirror ? -point.x : point.x;
      const int64_t y = point.y;
      point.x = placement.center.x +
                static_cast<int>(((x * cosine - y * sine) * placement.size) >> kShift);
      point.y = placement.center.y +
                static_cast<int>(((x * sine + y * cosine) * placement.size) >> kShift);
    }
  }
  return placed;
}

const Coverage& Rasterizer::Run(const Path& path) {
  int left = std::numeric_limits<int>::max(), right = std::numeric_limits<int>::min();
  int top = left, bottom = right;
  for (const std::vector<Point>& contour : path.contours()) {
    for (const Point& point : contour) {
      left = std::min(left, point.x);
      right = std::max(right, point.x);
      top = std::min(top, point.y);
      bottom = std::max(bottom, point.y);
    }
  }
  Coverage& box = coverage_;
  box = Coverage{0, 0, 0, 0, std::move(box.value)};
  box.value.clear();
  if (left >= right || top >= bottom) return box;
  box.x = std::clamp(FloorDiv(left, kPixel), 0, width_);
  box.y = std::clamp(FloorDiv(top, kPixel), 0, height_);
  box.width = std::clamp(CeilDiv(right, kPixel), 0, width_) - box.x;
  box.height = std::clamp(CeilDiv(bottom, kPixel), 0, height_) - box.y;
  if (box.width <= 0 || box.height <= 0) {
    box.width = box.height = 0;
    return box;
  }

  // Each crossing of an edge and a sub-row changes the winding number of everything to its right;
  // a running sum over the row then gives winding number x coverage.
  const int stride = box.width + 1;
  sums_.assign(static_cast<size_t>(stride) * box.height, 0);
  for (const std::vector<Point>& contour : path.contours()) {
    for (size_t i = 0; i < contour.size(); ++i) {
      Point p = contour[i];
      Point q = contour[i + 1 == contour.size() ? 0 : i + 1];
      if (p.y == q.y) continue;
      int direction = 1;
      if (p.y > q.y) {
        std::swap(p, q);
        direction = -1;
      }
      const int first = std::max(CeilDiv(p.y - kSubRowHeight / 2, kSubRowHeight), box.y * kSubRows);
      const int last = std::min(CeilDiv(q.y - kSubRowHeight / 2, kSubRowHeight),
                                (box.y + box.height) * kSubRows);
      const int64_t slope = int64_t{q.x - p.x} * 65536 / (q.y - p.y);
      int64_t x = (int64_t{p.x} - box.x * kPixel) * 65536 +
                  slope * (first * kSubRowHeight + kSubRowHeight / 2 - p.y);
      for (int sub_row = first; sub_row < last; ++sub_row, x += slope * kSubRowHeight) {
        const int at = std::max(0, static_cast<int>(x >> 16));
        const int column = at / kPixel;
        if (column >= box.width) continue;
        const int part = at % kPixel;
        int32_t* sum = &sums_[static_cast<size_t>(sub_row / kSubRows - box.y) * stride + column];
        sum[0] += direction * (kPixel - part);
        sum[1] += direction * part;
      }
    }
  }
  box.value.resize(static_cast<size_t>(box.width) * box.height);
  for (int row = 0; row < box.height; ++row) {
    const int32_t* sum = &sums_[static_cast<size_t>(row) * stride];
    uint8_t* value = &box.value[static_cast<size_t>(row) * box.width];
    int32_t winding = 0;
    for (int column = 0; column < box.width; ++column) {
      winding += sum[column];
      value[column] = static_cast<uint8_t>(std::min(255, std::abs(winding) / kSubRows));
    }
  }
  return box;
}

Coverage Rasterizer::Whole() const {
  return {0, 0, width_, height_, std::vector<uint8_t>(static_cast<size_t>(width_) * height_, 255)};
}

}  // namespace seglab::shapes
