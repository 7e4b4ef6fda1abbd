#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace seglab::shapes {

// Everything here is integer arithmetic: the pictures of the shapes data set are the same bytes on
// every machine, whatever the compiler makes of floating point.

inline constexpr int kPixel = 256;    ///< fixed-point units of a pixel
inline constexpr int kUnit = 4096;    ///< local units of an object's longer side
inline constexpr int kTurn = 1024;    ///< angle units of a full turn
inline constexpr int kSineBits = 14;  ///< Sine and Cosine are scaled by 2^14

int Sine(int angle);
int Cosine(int angle);

/// x to the right, y down; local or fixed-point pixel units.
struct Point {
  int x = 0;
  int y = 0;
};

/// An object's length in local units: L(0.5) is half of its longer side.
constexpr int L(double part) { return static_cast<int>(part * kUnit + (part < 0 ? -0.5 : 0.5)); }

/// The point at `radius` and `angle` (clockwise from the x axis) around `center`.
Point Polar(Point center, int radius, int angle);

/// A set of closed contours. The union of all solids, less the holes where nothing else is solid.
class Path {
 public:
  void Solid(std::vector<Point> contour);
  void Hole(std::vector<Point> contour);
  void Ellipse(Point center, int radius_x, int radius_y);
  void Disc(Point center, int radius) { Ellipse(center, radius, radius); }
  /// The band inside the circle of `radius`, `width` wide.
  void Ring(Point center, int radius, int width);
  /// A segment with round ends.
  void Stroke(Point from, Point to, int width);

  const std::vector<std::vector<Point>>& contours() const { return contours_; }

 private:
  friend Path Place(const Path& path, const struct Placement& placement);
  std::vector<std::vector<Point>> contours_;
};

/// Where an object's local frame lies in the picture.
struct Placement {
  Point center;         ///< pixel units
  int size = 0;         ///< the object's longer side, pixel units
  int angle = 0;        ///< clockwise
  bool mirror = false;  ///< left-right, before the rotation
};

/// The path in pixel units.
Path Place(const Path& path, const Placement& placement);

/// How much of each pixel of a box is covered, 0..255.
struct Coverage {
  int x = 0, y = 0, width = 0, height = 0;
  std::vector<uint8_t> value;  ///< height x width
  const uint8_t* Row(int row) const { return value.data() + static_cast<size_t>(row) * width; }
};

/// The coverage of a path in pixel units, cut to a picture of width x height. Exact horizontally,
/// four samples vertically.
class Rasterizer {
 public:
  Rasterizer(int width, int height) : width_(width), height_(height) {}
  /// Valid until the next call.
  const Coverage& Run(const Path& path);
  Coverage Whole() const;

 private:
  int width_;
  int height_;
  std::vector<int32_t> sums_;
  Coverage coverage_;
};

}  // namespace seglab::shapes
