#include "report/scatter.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "base/error.h"
#include "report/curves.h"
#include "report/html.h"
#include "report/svg.h"

namespace seglab {
namespace {

// Units of the SVG; the page shows them at about one pixel each.
constexpr double kWidth = 480;
constexpr double kLeft = 46;
constexpr double kRight = 12;
constexpr double kTop = 26;
constexpr double kBottom = 44;
constexpr double kInset = 12;                     ///< between the axes and what they must show
constexpr double kLowest = 320, kHighest = 1600;  ///< height, by how much room the labels need
constexpr double kDot = 4;                        ///< half the side of the square a dot takes
constexpr double kLetter = 7.2;                   ///< mean width of a letter in a wide bold font
constexpr double kLabelHeight = 14;
constexpr double kBaseline = 10.5;  ///< of a label's text below its upper edge
constexpr size_t kLongestLabel = 30;
constexpr double kCrossing = 60;  ///< what a line through a label costs, in units of distance
constexpr double kConfusing = 8;  ///< what another point beside a label costs
constexpr double kNear = 6.5;     ///< a label further from its point gets a line to it

struct Place {
  double x, y;
};

/// The point of a box that is nearest to a mark.
Place Nearest(const Box& box, const Mark& mark) {
  return {std::clamp(mark.x, box.x, box.Right()), std::clamp(mark.y, box.y, box.Bottom())};
}

double Distance(const Box& box, const Mark& mark) {
  const Place nearest = Nearest(box, mark);
  return std::hypot(nearest.x - mark.x, nearest.y - mark.y);
}

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

std::string ColorClass(int color) { return StrCat("c", color % kPlotColors); }

/// Colors that come a second time are hollow.
std::string DotClass(int color) {
  return "dot " + ColorClass(color) + (color / kPlotColors % 2 == 1 ? " hollow" : "");
}

std::string Line(const std::string& classes, Place from, Place to) {
  return "<path class=\"" + classes + "\" d=\"M" + SvgNumber(from.x) + " " + SvgNumber(from.y) +
         "L" + SvgNumber(to.x) + " " + SvgNumber(to.y) + "\"/>\n";
}

double Bar(const ScatterPoint& point) {
  return std::isfinite(point.deviation) && point.deviation > 0 ? point.deviation : 0;
}

/// The axes and from values to places in the SVG.
class Frame {
 public:
  Frame(const std::vector<ScatterPoint>& points, const ScatterOptions& options)
      : log_(options.log_x) {
    double x_low = points[0].x, x_high = x_low, y_low = points[0].y, y_high = y_low;
    for (const ScatterPoint& point : points) {
      x_low = std::min(x_low, point.x);
      x_high = std::max(x_high, point.x);
      y_low = std::min(y_low, point.y - Bar(point));
      y_high = std::max(y_high, point.y + Bar(point));
    }
    if (!log_ && x_low >= 0) x_low = 0;
    x_ticks_ = log_ ? LogTicks(x_low, x_high) : RoundTicks(x_low, x_high, 5);
    if (x_ticks_.size() < 2) x_ticks_ = {x_low / 2, x_low * 2};
    y_ticks_ = RoundTicks(y_low, y_high, 5);
  }

  void SetHeight(double height) { height_ = height; }
  double height() const { return height_; }

  Box Area() const {
    return {kLeft + 2, kTop, kWidth - kRight - kLeft - 2, height_ - kTop - kBottom};
  }

  Place At(double x, double y) const {
    const double low = x_ticks_.front(), high = x_ticks_.back();
    const double across =
        log_ ? std::log(x / low) / std::log(high / low) : (x - low) / (high - low);
    const double up = (y - y_ticks_.front()) / (y_ticks_.back() - y_ticks_.front());
    const double left = kLeft + kInset, right = kWidth - kRight - kInset;
    const double bottom = height_ - kBottom - kInset;
    return {left + across * (right - left), bottom - up * (bottom - kTop)};
  }

  std::string Svg(const ScatterOptions& options) const {
    const double bottom = height_ - kBottom;
    std::string svg = SvgText(0, 12, "class=\"name\"", options.y_label);
    for (double tick : y_ticks_) {
      const double y = At(x_ticks_.front(), tick).y;
      svg += Line("grid", {kLeft, y}, {kWidth - kRight, y});
      svg += SvgText(kLeft - 8, y + 4, "text-anchor=\"end\"", FormatTick(tick));
    }
    svg += Line("axis", {kLeft, bottom}, {kWidth - kRight, bottom});
    for (double tick : x_ticks_) {
      const double x = At(tick, y_ticks_.front()).x;
      svg += Line("axis", {x, bottom}, {x, bottom + 5});
      svg += SvgText(x, bottom + 19, "text-anchor=\"middle\"", FormatTick(tick));
    }
    return svg + SvgText((kLeft + kWidth - kRight) / 2, height_ - 6,
                         "text-anchor=\"middle\" class=\"name\"",
                         options.x_label + (log_ ? " (logarithmic)" : ""));
  }

 private:
  bool log_;
  double height_ = kLowest;
  std::vector<double> x_ticks_, y_ticks_;
};

size_t Letters(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::vector<Mark> Marks(const std::vector<ScatterPoint>& points, const Frame& frame) {
  std::vector<Mark> marks;
  for (const ScatterPoint& point : points) {
    const Place at = frame.At(point.x, point.y);
    const double bar = at.y - frame.At(point.x, point.y + Bar(point)).y;
    const auto letters = static_cast<double>(Letters(ShortText(point.label, kLongestLabel)));
    marks.push_back({at.x, at.y, bar, kLetter * letters});
  }
  return marks;
}

/// The text begins or ends at the side of its box that is nearer to the point: it is shorter than
/// the box in most fonts.
std::string LabelText(const Box& box, const Mark& mark, const std::string& color,
                      const std::string& text) {
  double x = box.x + box.width / 2;
  std::string anchor = "middle";
  if (box.x >= mark.x) {
    x = box.x;
    anchor = "start";
  } else if (box.Right() <= mark.x) {
    x = box.Right();
    anchor = "end";
  }
  return SvgText(x, box.y + kBaseline,
                 "class=\"label " + color + "\" text-anchor=\"" + anchor + "\"", text);
}

}  // namespace

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

std::string ScatterHtml(const std::vector<ScatterPoint>& all, const ScatterOptions& options) {
  std::vector<ScatterPoint> points;
  for (const ScatterPoint& point : all) {
    if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
    if (!options.log_x || point.x > 0) points.push_back(point);
  }
  if (points.empty()) return "";

  Frame frame(points, options);
  std::vector<Mark> marks = Marks(points, frame);
  std::vector<Box> boxes = PlaceLabels(marks, frame.Area());
  while (boxes.empty() && frame.height() < kHighest) {
    frame.SetHeight(frame.height() * 1.25);
    marks = Marks(points, frame);
    boxes = PlaceLabels(marks, frame.Area());
  }

  std::string svg = "<svg viewBox=\"0 0 " + SvgNumber(kWidth, 0) + " " +
                    SvgNumber(frame.height(), 0) + "\" role=\"img\" aria-label=\"" +
                    EscapeHtml(options.title) + "\">\n" + frame.Svg(options);
  std::map<int, Place> last;  // of each color
  for (size_t i = 0; i < points.size(); ++i) {
    const Place at = {marks[i].x, marks[i].y};
    const auto [before, first] = last.emplace(points[i].color, at);
    if (!first) svg += Line("join " + ColorClass(points[i].color), before->second, at);
    before->second = at;
  }
  for (size_t i = 0; i < points.size(); ++i) {
    const Mark& mark = marks[i];
    const std::string color = ColorClass(points[i].color);
    if (mark.bar > 0) {
      svg += Line("bar " + color, {mark.x, mark.y - mark.bar}, {mark.x, mark.y + mark.bar});
    }
    if (!boxes.empty()) {
      const Place end = Nearest(boxes[i], mark);
      if (Distance(boxes[i], mark) > kNear) svg += Line("lead " + color, {mark.x, mark.y}, end);
    }
    svg += "<circle class=\"" + DotClass(points[i].color) + "\" cx=\"" + SvgNumber(mark.x) +
           "\" cy=\"" + SvgNumber(mark.y) + "\" r=\"3.6\"><title>" + EscapeHtml(points[i].title) +
           "</title></circle>\n";
    if (!boxes.empty()) {
      svg += LabelText(boxes[i], mark, color, ShortText(points[i].label, kLongestLabel));
    }
  }
  return "<figure class=\"plot\">\n<figcaption>" + EscapeHtml(options.title) +
         "</figcaption>\n<div class=\"scroll\">" + svg + "</svg></div>\n</figure>\n";
}

}  // namespace seglab
