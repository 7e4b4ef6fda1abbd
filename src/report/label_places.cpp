#include "report/label_places.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace seglab {
namespace {

constexpr double kDot = 4;        ///< half the side of the square a dot takes
constexpr double kCrossing = 60;  ///< what a line through a label costs, in units of distance
constexpr double kConfusing = 8;  ///< what another point beside a label costs

/// True when the line from a mark to its label runs through `other`.
bool LeadCrosses(const Mark& mark, const Box& label, const Box& other) {
  const Place end = Nearest(label, mark);
  const int steps = static_cast<int>(std::hypot(end.x - mark.x, end.y - mark.y) / 2) + 1;
  for (int i = 0; i <= steps; ++i) {
    const double share = static_cast<double>(i) / steps;
    const double x = mark.x + share * (end.x - mark.x), y = mark.y + share * (end.y - mark.y);
    if (x > other.x && x < other.Right() && y > other.y && y < other.Bottom()) return true;
  }
  return false;
}

struct Candidate {
  Box box;
  double cost;  ///< distance to the point, and what is less than ideal
};

/// Places for a mark's label, best first: beside, above and below its point, then a grid over the
/// whole area.
std::vector<Candidate> Candidates(const Mark& mark, const Box& area) {
  constexpr double kStep = 4;
  const double gap = kDot + 2, width = mark.label_width, high = kLabelHeight;
  std::vector<Candidate> candidates;
  const auto add = [&](double x, double y, double penalty) {
    const Box box = {x, y, width, high};
    candidates.push_back({box, Distance(box, mark) + penalty});
  };
  add(mark.x + gap, mark.y - high / 2, 0);
  add(mark.x - gap - width, mark.y - high / 2, 0);
  add(mark.x - width / 2, mark.y - gap - high, 0);
  add(mark.x - width / 2, mark.y + gap, 0);
  for (double y = area.y; y + high <= area.Bottom(); y += kStep) {
    for (double x = area.x; x + width <= area.Right(); x += kStep) add(x, y, gap);
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.cost < b.cost; });
  return candidates;
}

bool Inside(const Box& box, const Box& area) {
  return box.x >= area.x && box.y >= area.y && box.Right() <= area.Right() &&
         box.Bottom() <= area.Bottom();
}

}  // namespace

Place Nearest(const Box& box, const Mark& mark) {
  return {std::clamp(mark.x, box.x, box.Right()), std::clamp(mark.y, box.y, box.Bottom())};
}

double Distance(const Box& box, const Mark& mark) {
  const Place nearest = Nearest(box, mark);
  return std::hypot(nearest.x - mark.x, nearest.y - mark.y);
}

bool Overlap(const Box& a, const Box& b) {
  return a.x < b.Right() && b.x < a.Right() && a.y < b.Bottom() && b.y < a.Bottom();
}

std::vector<Box> PlaceLabels(const std::vector<Mark>& marks, const Box& area) {
  std::vector<Box> taken;
  for (const Mark& mark : marks) {
    taken.push_back({mark.x - kDot, mark.y - kDot, 2 * kDot, 2 * kDot});
    if (mark.bar > kDot) taken.push_back({mark.x - 2, mark.y - mark.bar, 4, 2 * mark.bar});
  }
  // Long labels are the hardest to place.
  std::vector<size_t> order(marks.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&marks](size_t a, size_t b) {
    return marks[a].label_width > marks[b].label_width;
  });
  std::vector<Box> labels(marks.size());
  for (size_t rank = 0; rank < order.size(); ++rank) {
    const Mark& mark = marks[order[rank]];
    double least = std::numeric_limits<double>::infinity();
    for (const auto& [box, base_cost] : Candidates(mark, area)) {
      if (base_cost >= least) break;
      const auto meets = [&box = box](const Box& other) { return Overlap(box, other); };
      if (!Inside(box, area) || std::any_of(taken.begin(), taken.end(), meets)) continue;
      double cost = base_cost;
      for (const Mark& other : marks) {
        if (&other != &mark && Distance(box, other) < base_cost) cost += kConfusing;
      }
      for (size_t i = 0; i < rank; ++i) {
        const Box& placed = labels[order[i]];
        if (LeadCrosses(marks[order[i]], placed, box)) cost += kCrossing;
        if (LeadCrosses(mark, box, placed)) cost += kCrossing;
      }
      if (cost >= least) continue;
      labels[order[rank]] = box;
      least = cost;
    }
    if (!std::isfinite(least)) return {};
    taken.push_back(labels[order[rank]]);
  }
  return labels;
}

}  // namespace seglab
