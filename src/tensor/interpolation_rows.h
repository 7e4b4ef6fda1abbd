#pragma once

#include <cstdint>
#include <vector>

#include "tensor/interpolation.h"

namespace seglab {

/// An Interpolation on the CPU, row by row of the result: a row is made of two rows of the map that
/// have been widened, and these serve for many rows of the result.
class InterpolationRows {
 public:
  explicit InterpolationRows(const Interpolation& to);

  int64_t height() const { return static_cast<int64_t>(first_.size()); }
  int64_t width() const { return static_cast<int64_t>(left_.size()); }
  int64_t in_height() const { return in_height_; }
  int64_t in_width() const { return in_width_; }

  /// Row y of the result is Low(y) * upper + High(y) * lower.
  float Low(int64_t y) const { return low_[y]; }
  float High(int64_t y) const { return high_[y]; }
  /// The row behind y that is made of another pair.
  int64_t EndOfPair(int64_t y) const;
  int64_t First(int64_t y) const { return first_[y]; }

  /// From one widened plane to the next: the width, brought up to a multiple of 16 by zeros.
  int64_t step() const { return (width() + 15) / 16 * 16; }

  /// Two neighbouring rows of so many planes, widened: (planes, step) each.
  class Pair {
   public:
    Pair(const InterpolationRows& rows, int64_t planes);
    /// Makes them those of row y. What is widened already is kept as long as the map is the same.
    /// @param map  its first plane; contiguous
    void Load(const float* map, int64_t y);
    const float* upper() const { return upper_.data(); }
    const float* lower() const { return lower_.data(); }

   private:
    void Widen(const float* map, int64_t row, std::vector<float>& into) const;

    const InterpolationRows& rows_;
    int64_t planes_, first_ = -1;
    const float* map_ = nullptr;
    std::vector<float> upper_, lower_;
  };

  /// The transpose of widening: adds a wide row to a row of the map.
  void Narrow(const float* wide, float* row) const;

 private:
  int64_t in_height_, in_width_;
  std::vector<int64_t> first_;
  std::vector<float> low_, high_;
  std::vector<int32_t> left_, right_;  // columns of the map
  std::vector<float> left_weight_, right_weight_;
};

}  // namespace seglab
