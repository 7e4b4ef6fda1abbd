#include "losses/border_weights.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "losses/class_weights.h"
#include "losses/loss.h"

namespace seglab {
namespace {

constexpr double kLargestW0 = 1e6, kLeastSigma = 0.1, kLargestSigma = 1000;

/// A label map, and where its term of the border is wanted.
struct LabelPlane {
  const uint8_t* label;
  int64_t height, width;
  uint8_t background;

  bool IsObject(int64_t at) const { return label[at] != background && label[at] != kVoidCell; }
};

/// An object and the squared distance to it.
struct NearObject {
  int32_t object = -1;
  int32_t distance = std::numeric_limits<int32_t>::max();
};

/// The nearest object and the nearest other one.
class NearestTwo {
 public:
  const NearObject& First() const { return first_; }
  const NearObject& Second() const { return second_; }

  void Insert(const NearObject& found) {
    if (found.object < 0) return;
    if (found.object == first_.object) {
      first_.distance = std::min(first_.distance, found.distance);
    } else if (found.distance < first_.distance) {
      second_ = std::exchange(first_, found);
    } else if (found.distance < second_.distance) {
      second_ = found;
    }
  }

 private:
  NearObject first_, second_;
};

int32_t Root(std::vector<int32_t>& parents, int32_t cell) {
  while (parents[cell] != cell) cell = parents[cell] = parents[parents[cell]];
  return cell;
}

/// The number of each cell's object, -1 for none.
std::vector<int32_t> NumberObjects(const LabelPlane& plane) {
  std::vector<int32_t> objects(plane.height * plane.width);
  std::iota(objects.begin(), objects.end(), 0);
  const auto join = [&](int64_t a, int64_t b) {
    if (plane.label[a] != plane.label[b]) return;
    const int32_t one = Root(objects, static_cast<int32_t>(a));
    const int32_t other = Root(objects, static_cast<int32_t>(b));
    objects[std::max(one, other)] = std::min(one, other);
  };
  for (int64_t y = 0; y < plane.height; ++y) {
    for (int64_t x = 0; x < plane.width; ++x) {
      const int64_t at = y * plane.width + x;
      if (!plane.IsObject(at)) continue;
      if (x > 0) join(at, at - 1);
      if (y > 0) join(at, at - plane.width);
    }
  }
  // Roots lie before their cells.
  for (size_t at = 0; at < objects.size(); ++at) objects[at] = objects[objects[at]];
  for (size_t at = 0; at < objects.size(); ++at) {
    if (!plane.IsObject(static_cast<int64_t>(at))) objects[at] = -1;
  }
  return objects;
}

/// For each cell the two nearest objects of its own column, its own too, at most `reach` rows away.
std::vector<NearestTwo> NearestInColumns(const LabelPlane& plane, int64_t reach) {
  struct Seen {
    int32_t object = -1;
    int64_t row = 0;
  };
  const std::vector<int32_t> objects = NumberObjects(plane);
  std::vector<NearestTwo> nearest(objects.size());
  for (const bool down : {true, false}) {
    std::vector<std::array<Seen, 2>> seen(plane.width);  // the last two objects, latest first
    for (int64_t i = 0; i < plane.height; ++i) {
      const int64_t y = down ? i : plane.height - 1 - i;
      for (int64_t x = 0; x < plane.width; ++x) {
        const int64_t at = y * plane.width + x;
        auto& [last, other] = seen[x];
        if (objects[at] >= 0) {
          if (objects[at] != last.object) other = last;
          last = {objects[at], y};
        }
        for (const Seen& object : seen[x]) {
          const int64_t rows = std::abs(y - object.row);
          if (object.object >= 0 && rows <= reach)
            nearest[at].Insert({object.object, static_cast<int32_t>(rows * rows)});
        }
      }
    }
  }
  return nearest;
}

/// Adds the term of the border. Whatever objects are nearest to a cell, in the columns where they
/// come nearest to it they are among that column's nearest two at the cell's row.
void AddBorderTerm(const LabelPlane& plane, const BorderWeightOptions& options, float* weights) {
  const double reach = options.sigma * std::sqrt(2 * std::log(1e6));
  const auto cells = static_cast<int64_t>(reach);
  const std::vector<NearestTwo> columns = NearestInColumns(plane, cells);
  at::parallel_for(0, plane.height, 8, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin * plane.width; at < end * plane.width; ++at) {
      if (plane.label[at] != plane.background) continue;
      const int64_t x = at % plane.width;
      NearestTwo nearest = columns[at];
      for (int64_t dx = 1; dx <= cells && dx * dx < nearest.Second().distance; ++dx) {
        const auto aside = static_cast<int32_t>(dx * dx);
        for (const int64_t step : {-dx, dx}) {
          if (x + step < 0 || x + step >= plane.width) continue;
          const NearestTwo& there = columns[at + step];
          for (const NearObject& found : {there.First(), there.Second()}) {
            if (found.object >= 0) nearest.Insert({found.object, found.distance + aside});
          }
        }
      }
      if (nearest.Second().object < 0) continue;
      const double sum = std::sqrt(nearest.First().distance) + std::sqrt(nearest.Second().distance);
      if (sum > reach) continue;
      weights[at] += static_cast<float>(options.w0 *
                                        std::exp(-sum * sum / (2 * options.sigma * options.sigma)));
    }
  });
}

}  // namespace

BorderWeightOptions BorderWeightOptions::FromJson(JsonReader& reader, int classes) {
  BorderWeightOptions options;
  reader.Get("w0", options.w0, 0.0, kLargestW0);
  reader.Get("sigma", options.sigma, kLeastSigma, kLargestSigma);
  reader.Get("background", options.background, 0, classes > 0 ? classes - 1 : kVoidCell - 1);
  options.class_weights = ReadClassWeights(reader, classes);
  return options;
}

void BorderWeightOptions::Check(int classes, const std::string& path) const {
  if (!(w0 >= 0 && w0 <= kLargestW0))
    throw Error(path, ".w0: must be between 0 and ", kLargestW0, ", found ", w0);
  if (!(sigma >= kLeastSigma && sigma <= kLargestSigma)) {
    throw Error(path, ".sigma: must be between ", kLeastSigma, " and ", kLargestSigma, ", found ",
                sigma);
  }
  const int64_t last = classes > 0 ? classes - 1 : kVoidCell - 1;
  if (background < 0 || background > last)
    throw Error(path, ".background: must be between 0 and ", last, ", found ", background);
  CheckClassWeights(class_weights, classes, path);
}

at::Tensor BorderWeights(const at::Tensor& label, const BorderWeightOptions& options) {
  const at::Tensor plain = label.cpu().to(at::kByte).contiguous();
  at::Tensor weights = options.class_weights.empty()
                           ? at::ones(plain.sizes(), at::kFloat)
                           : WeightsOfCells(plain, options.class_weights, at::kFloat);
  weights.masked_fill_(plain.eq(kVoidCell), 0);
  const int64_t cells = plain.size(1) * plain.size(2);
  TORCH_CHECK(cells <= std::numeric_limits<int32_t>::max(), "border weights: too large a map");
  for (int64_t image = 0; image < plain.size(0); ++image) {
    const LabelPlane plane{plain.data_ptr<uint8_t>() + image * cells, plain.size(1), plain.size(2),
                           static_cast<uint8_t>(options.background)};
    AddBorderTerm(plane, options, weights.data_ptr<float>() + image * cells);
  }
  return weights;
}

}  // namespace seglab
