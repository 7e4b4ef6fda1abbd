#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "data/shapes/draw.h"

namespace seglab::shapes {

/// Collects the parts of one object.
class Artist {
 public:
  Artist(const Sketch& sketch, RandomStream& random) : sketch_(sketch), random_(random) {}

  RandomStream& random() { return random_; }
  int Between(int low, int high) { return static_cast<int>(random_.Int(low, high)); }
  /// A length between two shares of the object's size, in local units.
  int Length(double low, double high) { return Between(L(low), L(high)); }

  /// The width of a stroke in local units: a share of the size, but no less than the thinnest.
  int Width(double part) const {
    const int64_t thinnest = int64_t{sketch_.thinnest} * kUnit / sketch_.size;
    return std::max(L(part), static_cast<int>(thinnest));
  }
  /// A share of the object's size in pixel units, for the periods of patterns.
  int Pixels(double part) const {
    return std::max(kPixel, static_cast<int>(int64_t{sketch_.size} * L(part) / kUnit));
  }
  int pixels_across() const { return sketch_.size / kPixel; }

  /// A color that stands out from the scene.
  Color Bold() { return ContrastingColor(sketch_.under, random_); }
  /// One that stands out from the scene and from another color of the object.
  Color BoldBeside(const Color& other) {
    Color best = Bold();
    for (int i = 0; i < 4 && Distance(best, other) < 150; ++i) best = Bold();
    return best;
  }
  /// `wanted`, made lighter or darker where the scene has nearly the same color.
  Color Visible(const Color& wanted) const {
    if (Distance(wanted, sketch_.under) >= 100) return wanted;
    const int sum = sketch_.under[0] + sketch_.under[1] + sketch_.under[2];
    return Brighter(wanted, sum > 380 ? -80 : 80);
  }

  Paint Plain(const Color& color) {
    Paint paint;
    paint.a = color;
    paint.b = color;
    paint.shade_x = Between(-70, 70);
    paint.shade_y = Between(-90, 30);
    return paint;
  }
  /// `texture` in two colors, about `share` of the object's size to a period.
  Paint Patterned(Texture texture, const Color& a, const Color& b, double share) {
    Paint paint = Plain(a);
    RandomizePattern(paint, texture, Pixels(share), random_);
    paint.b = b;
    return paint;
  }

  /// The reference is valid until the next Add.
  Path& Add(const Paint& paint) {
    parts_.push_back({{}, paint});
    return parts_.back().path;
  }
  std::vector<Part> Finish() { return std::move(parts_); }

 private:
  Sketch sketch_;
  RandomStream& random_;
  std::vector<Part> parts_;
};

}  // namespace seglab::shapes
