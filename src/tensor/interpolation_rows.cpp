#include "tensor/interpolation_rows.h"

#include <algorithm>

namespace seglab {
namespace {

std::vector<float> Floats(const std::vector<double>& numbers) {
  return {numbers.begin(), numbers.end()};
}

}  // namespace

InterpolationRows::InterpolationRows(const Interpolation& to)
    : in_height_(to.rows.in),
      in_width_(to.columns.in),
      first_(to.rows.first),
      low_(Floats(to.rows.low)),
      high_(Floats(to.rows.high)),
      left_weight_(Floats(to.columns.low)),
      right_weight_(Floats(to.columns.high)) {
  for (int64_t first : to.columns.first) {
    left_.push_back(static_cast<int32_t>(first));
    right_.push_back(static_cast<int32_t>(std::min(first + 1, in_width_ - 1)));
  }
}

int64_t InterpolationRows::EndOfPair(int64_t y) const {
  int64_t end = y + 1;
  while (end < height() && first_[end] == first_[y]) ++end;
  return end;
}

InterpolationRows::Pair::Pair(const InterpolationRows& rows, int64_t planes)
    : rows_(rows), planes_(planes), upper_(planes * rows.step()), lower_(planes * rows.step()) {}

void InterpolationRows::Pair::Load(const float* map, int64_t y) {
  const int64_t first = rows_.first_[y];
  const bool same_map = map == map_;
  if (same_map && first == first_) return;
  if (same_map && first == first_ + 1) {
    std::swap(upper_, lower_);
  } else {
    Widen(map, first, upper_);
  }
  // Behind the last row lies none; its weight is 0.
  Widen(map, std::min(first + 1, rows_.in_height_ - 1), lower_);
  map_ = map;
  first_ = first;
}

void InterpolationRows::Pair::Widen(const float* map, int64_t row, std::vector<float>& into) const {
  const int64_t width = rows_.width();
  for (int64_t plane = 0; plane < planes_; ++plane) {
    const float* in = map + (plane * rows_.in_height_ + row) * rows_.in_width_;
    float* out = into.data() + plane * rows_.step();
    for (int64_t x = 0; x < width; ++x) {
      out[x] =
          rows_.left_weight_[x] * in[rows_.left_[x]] + rows_.right_weight_[x] * in[rows_.right_[x]];
    }
  }
}

void InterpolationRows::Narrow(const float* wide, float* row) const {
  for (int64_t x = 0; x < width(); ++x) {
    row[left_[x]] += left_weight_[x] * wide[x];
    row[right_[x]] += right_weight_[x] * wide[x];
  }
}

}  // namespace seglab
