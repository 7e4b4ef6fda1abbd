#include "report/scatter.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/format.h"
#include "report/html.h"
#include "report/label_places.h"
#include "report/short_names.h"
#include "report/svg.h"
#include "report/ticks.h"

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
constexpr double kLetter = 7.2;                   ///< mean width of a letter in a wide bold font
constexpr double kBaseline = 10.5;                ///< of a label's text below its upper edge
constexpr size_t kLongestLabel = 30;
constexpr double kNear = 6.5;  ///< a label further from its point gets a line to it

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

std::vector<Mark> Marks(const std::vector<ScatterPoint>& points, const Frame& frame) {
  std::vector<Mark> marks;
  for (const ScatterPoint& point : points) {
    const Place at = frame.At(point.x, point.y);
    const double bar = at.y - frame.At(point.x, point.y + Bar(point)).y;
    const auto letters = static_cast<double>(TextWidth(point.label));
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

std::string ScatterHtml(const std::vector<ScatterPoint>& all, const ScatterOptions& options) {
  std::vector<ScatterPoint> points;
  for (const ScatterPoint& point : all) {
    if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
    if (!options.log_x || point.x > 0) points.push_back(point);
  }
  if (points.empty()) return "";
  std::vector<std::string> labels;
  for (const ScatterPoint& point : points) labels.push_back(point.label);
  labels = CutNames(labels, kLongestLabel);
  for (size_t i = 0; i < points.size(); ++i) points[i].label = labels[i];

  Frame frame(points, options);
  std::vector<Mark> marks = Marks(points, frame);
  std::vector<Box> boxes = PlaceLabels(marks, frame.Area());
  while (boxes.empty() && frame.height() < kHighest) {
    frame.SetHeight(frame.height() * 1.25);
    marks = Marks(points, frame);
    boxes = PlaceLabels(marks, frame.Area());
  }

  std::string svg = "<svg viewBox=\"0 0 " + Fixed(kWidth, 0) + " " + Fixed(frame.height(), 0) +
                    "\" role=\"img\" aria-label=\"" + EscapeHtml(options.title) + "\">\n" +
                    frame.Svg(options);
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
      svg += LabelText(boxes[i], mark, color, points[i].label);
    }
  }
  return "<figure class=\"plot\">\n<figcaption>" + EscapeHtml(options.title) +
         "</figcaption>\n<div class=\"scroll\">" + svg + "</svg></div>\n</figure>\n";
}

}  // namespace seglab
