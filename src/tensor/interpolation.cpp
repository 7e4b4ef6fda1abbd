#include "tensor/interpolation.h"

#include <ATen/Parallel.h>
#include <ATen/record_function.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "tensor/interpolation_rows.h"
#include "tensor/state.h"

namespace seglab {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

/// The place of value o in cells of the map, and its two neighbours by their nearness.
void AddPlace(LinearTaps& taps, double place) {
  const double inside = std::clamp(place, 0.0, static_cast<double>(taps.in - 1));
  const double before = std::floor(inside);
  taps.Add(static_cast<int64_t>(before), 1 - (inside - before), inside - before);
}

LinearTaps ResizeTaps(int64_t from, int64_t to, Interpolation::Kind kind) {
  LinearTaps taps{from, {}, {}, {}};
  const bool corners = kind == Interpolation::Kind::kCorners;
  const auto cells = static_cast<double>(corners ? from - 1 : from),
             values = static_cast<double>(corners ? std::max<int64_t>(to - 1, 1) : to);
  const double half = corners ? 0 : 0.5;
  for (int64_t o = 0; o < to; ++o)
    AddPlace(taps, (static_cast<double>(o) + half) * cells / values - half);
  return taps;
}

LinearTaps GridTaps(int64_t cells, const MapGrid& from, int64_t to_cells, const MapGrid& to) {
  LinearTaps taps{cells, {}, {}, {}};
  for (int64_t o = 0; o < to_cells; ++o) {
    const double pixel = to.center + static_cast<double>(o) * to.stride;
    AddPlace(taps, (pixel - from.center) / from.stride);
  }
  return taps;
}

at::Tensor Enlarge(const at::Tensor& map, const InterpolationRows& to) {
  const int64_t planes = map.size(0) * map.size(1), height = to.height(), width = to.width();
  at::Tensor out = at::empty({map.size(0), map.size(1), height, width}, map.options());
  const float* from = map.data_ptr<float>();
  float* into = out.data_ptr<float>();
  at::parallel_for(0, planes, 1, [&](int64_t begin, int64_t end) {
    InterpolationRows::Pair pair(to, 1);
    for (int64_t plane = begin; plane < end; ++plane) {
      for (int64_t y = 0; y < height; ++y) {
        pair.Load(from + plane * to.in_height() * to.in_width(), y);
        const float low = to.Low(y), high = to.High(y);
        const float *upper = pair.upper(), *lower = pair.lower();
        float* row = into + (plane * height + y) * width;
        for (int64_t x = 0; x < width; ++x) row[x] = low * upper[x] + high * lower[x];
      }
    }
  });
  return out;
}

/// The gradient with respect to the map.
at::Tensor Reduce(const at::Tensor& gradient, const InterpolationRows& to) {
  const int64_t planes = gradient.size(0) * gradient.size(1), height = to.height(),
                width = to.width(), in_height = to.in_height(), in_width = to.in_width();
  at::Tensor out =
      at::zeros({gradient.size(0), gradient.size(1), in_height, in_width}, gradient.options());
  const float* from = gradient.data_ptr<float>();
  float* into = out.data_ptr<float>();
  at::parallel_for(0, planes, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> upper(width), lower(width);  // sums of the rows that share a pair
    for (int64_t plane = begin; plane < end; ++plane) {
      float* map = into + plane * in_height * in_width;
      for (int64_t y = 0; y < height;) {
        const int64_t first = to.First(y), behind = to.EndOfPair(y);
        std::fill(upper.begin(), upper.end(), 0.f);
        std::fill(lower.begin(), lower.end(), 0.f);
        for (; y < behind; ++y) {
          const float low = to.Low(y), high = to.High(y);
          const float* row = from + (plane * height + y) * width;
          for (int64_t x = 0; x < width; ++x) {
            upper[x] += low * row[x];
            lower[x] += high * row[x];
          }
        }
        to.Narrow(upper.data(), map + first * in_width);
        if (first + 1 < in_height) to.Narrow(lower.data(), map + (first + 1) * in_width);
      }
    }
  });
  return out;
}

void Save(AutogradContext* context, const std::string& side, const LinearTaps& taps) {
  context->saved_data[side + " in"] = taps.in;
  context->saved_data[side + " first"] = taps.first;
  context->saved_data[side + " low"] = taps.low;
  context->saved_data[side + " high"] = taps.high;
}

LinearTaps Saved(AutogradContext* context, const std::string& side) {
  return {context->saved_data[side + " in"].toInt(),
          context->saved_data[side + " first"].toIntVector(),
          context->saved_data[side + " low"].toDoubleVector(),
          context->saved_data[side + " high"].toDoubleVector()};
}

struct InterpolateFunction : torch::autograd::Function<InterpolateFunction> {
  static Variable forward(AutogradContext* context, const Variable& map, const Interpolation& to) {
    Save(context, "rows", to.rows);
    Save(context, "columns", to.columns);
    return Enlarge(map, InterpolationRows(to));
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const Interpolation to = {Saved(context, "rows"), Saved(context, "columns")};
    return {Reduce(gradients[0].contiguous(), InterpolationRows(to)), {}};
  }
};

}  // namespace

void LinearTaps::Add(int64_t at, double low_weight, double high_weight) {
  first.push_back(at);
  low.push_back(low_weight);
  high.push_back(high_weight);
}

at::Tensor LinearTaps::Matrix() const {
  at::Tensor matrix = at::zeros({out(), in}, at::kDouble);
  auto rows = matrix.accessor<double, 2>();
  for (int64_t o = 0; o < out(); ++o) {
    rows[o][first[o]] += low[o];
    if (first[o] + 1 < in) rows[o][first[o] + 1] += high[o];
  }
  return matrix;
}

Interpolation Interpolation::Resize(const at::Tensor& map, int64_t to_height, int64_t to_width,
                                    Kind kind) {
  CheckShape(map, {-1, -1, -1, -1}, "interpolation");
  return {ResizeTaps(map.size(2), to_height, kind), ResizeTaps(map.size(3), to_width, kind), kind};
}

Interpolation Interpolation::ToGrid(const at::Tensor& map, const MapGrid& from, const MapGrid& to,
                                    int64_t to_height, int64_t to_width) {
  CheckShape(map, {-1, -1, -1, -1}, "interpolation");
  return {GridTaps(map.size(2), from, to_height, to), GridTaps(map.size(3), from, to_width, to)};
}

at::Tensor Interpolate(const at::Tensor& map, const Interpolation& to) {
  CheckShape(map, {-1, -1, to.rows.in, to.columns.in}, "interpolation");
  const bool is_half = map.scalar_type() == at::kBFloat16 || map.scalar_type() == at::kHalf;
  const at::Tensor wide = is_half ? map.to(at::kFloat) : map;
  // Those who watch LibTorch's operators, as the profile does, are to see this one.
  if (wide.device().is_cpu() && wide.scalar_type() == at::kFloat && !at::hasCallbacks()) {
    const at::Tensor plain = wide.contiguous();
    const bool recorded = plain.requires_grad() && at::GradMode::is_enabled();
    return recorded ? InterpolateFunction::apply(plain, to) : Enlarge(plain, InterpolationRows(to));
  }
  if (to.kind != Interpolation::Kind::kGeneral) {
    return at::upsample_bilinear2d(wide, {to.rows.out(), to.columns.out()},
                                   to.kind == Interpolation::Kind::kCorners);
  }
  const at::Tensor down = to.rows.Matrix().to(wide.options()),
                   across = to.columns.Matrix().to(wide.options());
  // The smaller side first would save little; rows last keeps the big product's output in order.
  return at::matmul(down, at::matmul(wide.contiguous(), across.t()));
}

}  // namespace seglab
