#include "report/curves.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/names.h"
#include "report/html.h"
#include "report/svg.h"
#include "report/ticks.h"

namespace seglab {
namespace {

// Units of the SVG; the page shows them at about one pixel each.
constexpr double kWidth = 480;
constexpr double kHeight = 290;
constexpr double kLeft = 46;
constexpr double kTop = 26;
constexpr double kBottom = 44;
constexpr double kLetter = 7;        ///< mean width of a letter of the labels in a wide font
constexpr double kLabelHeight = 14;  ///< smallest distance of two labels
constexpr size_t kMostLabels = 10;   ///< more of them leave only the legend
constexpr int kBuckets = 400;        ///< the raw line has at most two points in each

struct Point {
  double x, y;
};
using Points = std::vector<Point>;

Points FinitePoints(const Series& series) {
  Points points;
  for (size_t i = 0; i < std::min(series.x.size(), series.y.size()); ++i) {
    if (std::isfinite(series.x[i]) && std::isfinite(series.y[i])) {
      points.push_back({series.x[i], series.y[i]});
    }
  }
  return points;
}

Points Smoothed(const Points& points) {
  std::vector<double> y;
  for (const Point& point : points) y.push_back(point.y);
  const std::vector<double> mean = MovingAverage(y, static_cast<int>(points.size() / 25) | 1);
  Points out = points;
  for (size_t i = 0; i < out.size(); ++i) out[i].y = mean[i];
  return out;
}

/// The lowest and highest point of each of kBuckets stretches: what the eye can tell apart.
Points Thinned(const Points& points) {
  if (points.size() <= 2 * kBuckets) return points;
  Points out;
  for (size_t b = 0; b < kBuckets; ++b) {
    const auto begin = points.begin() + b * points.size() / kBuckets;
    const auto end = points.begin() + (b + 1) * points.size() / kBuckets;
    auto [low, high] =
        std::minmax_element(begin, end, [](const Point& p, const Point& q) { return p.y < q.y; });
    if (low > high) std::swap(low, high);
    out.push_back(*low);
    if (high != low) out.push_back(*high);
  }
  return out;
}

/// From values to places in the SVG.
class Axes {
 public:
  Axes(Point low, Point high, double right, bool log)
      : low_(low), high_(high), right_(right), log_(log) {}

  double X(double x) const { return kLeft + (x - low_.x) / (high_.x - low_.x) * PlotWidth(); }
  double Y(double y) const {
    const double share =
        log_ ? std::log(std::clamp(y, low_.y, high_.y) / low_.y) / std::log(high_.y / low_.y)
             : (std::clamp(y, low_.y, high_.y) - low_.y) / (high_.y - low_.y);
    return kHeight - kBottom - share * (kHeight - kTop - kBottom);
  }
  double Right() const { return kWidth - right_; }

 private:
  double PlotWidth() const { return kWidth - kLeft - right_; }

  Point low_, high_;
  double right_;
  bool log_;
};

std::string Path(const Points& points, const Axes& axes, const std::string& classes) {
  std::string d;
  for (const Point& point : points) {
    d += (d.empty() ? "M" : "L") + SvgNumber(axes.X(point.x)) + " " + SvgNumber(axes.Y(point.y));
  }
  return "<path class=\"" + classes + "\" d=\"" + d + "\"/>\n";
}

std::string Grid(const Axes& axes, const std::vector<double>& x_ticks,
                 const std::vector<double>& y_ticks, const PlotOptions& options) {
  const double bottom = kHeight - kBottom;
  std::string svg;
  for (double tick : y_ticks) {
    const double y = axes.Y(tick);
    svg += "<path class=\"grid\" d=\"M" + SvgNumber(kLeft) + " " + SvgNumber(y) + "H" +
           SvgNumber(axes.Right()) + "\"/>\n";
    svg += SvgText(kLeft - 8, y + 4, "text-anchor=\"end\"", FormatTick(tick));
  }
  svg += "<path class=\"axis\" d=\"M" + SvgNumber(kLeft) + " " + SvgNumber(bottom) + "H" +
         SvgNumber(axes.Right()) + "\"/>\n";
  for (double tick : x_ticks) {
    const double x = axes.X(tick);
    svg += "<path class=\"axis\" d=\"M" + SvgNumber(x) + " " + SvgNumber(bottom) + "v5\"/>\n";
    svg += SvgText(x, bottom + 19, "text-anchor=\"middle\"", FormatTick(tick));
  }
  svg += SvgText((kLeft + axes.Right()) / 2, kHeight - 6, "text-anchor=\"middle\" class=\"name\"",
                 options.x_label);
  return svg;
}

struct Label {
  std::string text;
  int color;
  double end;  ///< y where the line ends
  double y;    ///< where the label stands
};

/// Moves labels apart, each as little as its neighbours allow, inside the plot.
void Separate(std::vector<Label>& labels) {
  std::stable_sort(labels.begin(), labels.end(),
                   [](const Label& a, const Label& b) { return a.y < b.y; });
  double free = kTop;
  for (Label& label : labels) {
    label.y = std::max(label.y, free);
    free = label.y + kLabelHeight;
  }
  free = kHeight - kBottom;
  for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
    label->y = std::min(label->y, free);
    free = label->y - kLabelHeight;
  }
}

std::string ColorClass(int color) {
  // Colors that come a second time are dashed.
  return StrCat("c", color % kPlotColors, color >= kPlotColors ? " dashed" : "");
}

const std::string& LabelOf(const Series& series) {
  return series.label.empty() ? series.group : series.label;
}

std::string LegendItem(const std::string& color, const std::string& title,
                       const std::string& name) {
  return "<li title=\"" + EscapeHtml(title) +
         "\"><svg class=\"key\" viewBox=\"0 0 22 8\" aria-hidden=\"true\"><path class=\"line " +
         color + "\" d=\"M0 4H22\"/></svg>" + EscapeHtml(name) + "</li>";
}

std::string Legend(const std::vector<Series>& series) {
  std::map<int, const Series*> named;
  std::set<std::string> quiet;
  for (const Series& s : series) {
    if (s.quiet) {
      quiet.insert(s.group);
    } else {
      named.emplace(s.color, &s);
    }
  }
  if (named.size() + quiet.size() < 2) return "";
  std::string html = "<ul class=\"legend\">";
  for (const auto& [color, one] : named)
    html += LegendItem(ColorClass(color), one->group, LabelOf(*one));
  if (!quiet.empty()) {
    html += LegendItem("quiet", Join(std::vector<std::string>(quiet.begin(), quiet.end())),
                       StrCat(quiet.size(), quiet.size() == 1 ? " other" : " others"));
  }
  return html + "</ul>\n";
}

std::string ClassOf(const Series& series) {
  return series.quiet ? "quiet" : ColorClass(series.color);
}

}  // namespace

std::vector<double> MovingAverage(const std::vector<double>& values, int window) {
  const auto n = static_cast<int64_t>(values.size());
  std::vector<double> sums(values.size() + 1, 0.0);
  for (int64_t i = 0; i < n; ++i) sums[i + 1] = sums[i] + values[i];
  std::vector<double> means(values.size());
  for (int64_t i = 0; i < n; ++i) {
    const int64_t reach = std::min<int64_t>({window / 2, i, n - 1 - i});
    means[i] = (sums[i + reach + 1] - sums[i - reach]) / static_cast<double>(2 * reach + 1);
  }
  return means;
}

std::string PlotHtml(const std::vector<Series>& series, const PlotOptions& options) {
  // The axis follows what stands out: the average, and not each spike of the raw line.
  std::vector<Points> raw, shown;
  double x_high = -std::numeric_limits<double>::infinity();
  Point low = {-x_high, -x_high}, high = {x_high, x_high};
  for (const Series& s : series) {
    raw.push_back(FinitePoints(s));
    shown.push_back(options.smooth ? Smoothed(raw.back()) : raw.back());
    for (const Point& p : shown.back()) {
      low = {std::min(low.x, p.x), std::min(low.y, p.y)};
      high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    }
  }
  if (!(low.x <= high.x)) return "";

  const bool log = options.may_log && low.y > 0 && high.y > 20 * low.y;
  if (low.x >= 0) low.x = 0;
  if (!(high.x > low.x)) high.x = low.x + 1;
  if (!log && low.y > 0 && low.y < 0.5 * high.y) low.y = 0;
  const std::vector<double> y_ticks = log ? LogTicks(low.y, high.y) : RoundTicks(low.y, high.y, 5);
  std::vector<double> x_ticks = RoundTicks(low.x, high.x, 5);
  while (x_ticks.size() > 1 && x_ticks.back() > high.x * (1 + 1e-9)) x_ticks.pop_back();
  while (x_ticks.size() > 1 && x_ticks.front() < low.x) x_ticks.erase(x_ticks.begin());
  low.y = y_ticks.front();
  high.y = y_ticks.back();

  size_t longest = 0;
  std::vector<Label> labels;
  for (size_t i = 0; i < series.size(); ++i) {
    const bool named = std::any_of(labels.begin(), labels.end(), [&](const Label& label) {
      return label.color == series[i].color;
    });
    if (shown[i].empty() || named || series[i].quiet) continue;
    labels.push_back({LabelOf(series[i]), series[i].color, 0, shown[i].back().y});
    longest = std::max(longest, TextWidth(labels.back().text));
  }
  if (labels.size() > kMostLabels) labels.clear();
  const double right = labels.empty() ? 16 : 18 + kLetter * static_cast<double>(longest);
  const Axes axes(low, high, right, log);

  const std::string y_label = options.y_label + (log ? " (logarithmic)" : "");
  std::string svg = StrCat("<svg viewBox=\"0 0 ", kWidth, " ", kHeight,
                           "\" role=\"img\" aria-label=\"", EscapeHtml(options.title), "\">\n");
  svg += SvgText(0, 12, "class=\"name\"", y_label);
  svg += Grid(axes, x_ticks, y_ticks, options);
  std::vector<size_t> order;  // the quiet ones lie below
  for (const bool quiet : {true, false}) {
    for (size_t i = 0; i < series.size(); ++i) {
      if (series[i].quiet == quiet) order.push_back(i);
    }
  }
  for (size_t i : order) {
    if (options.smooth && !series[i].quiet)
      svg += Path(Thinned(raw[i]), axes, "raw " + ClassOf(series[i]));
  }
  for (size_t i : order) {
    const std::string color = ClassOf(series[i]);
    svg += "<g><title>" + EscapeHtml(series[i].name) + "</title>" +
           Path(Thinned(shown[i]), axes, "line " + color) + "</g>\n";
    const bool points = options.points && !options.smooth && !series[i].quiet;
    for (size_t k = 0; k < shown[i].size() && points; ++k) {
      const Point& p = shown[i][k];
      svg += "<circle class=\"dot " + color + "\" cx=\"" + SvgNumber(axes.X(p.x)) + "\" cy=\"" +
             SvgNumber(axes.Y(p.y)) + "\" r=\"2.8\"><title>" +
             EscapeHtml(StrCat(series[i].name, ": ", Significant(p.y, 4), " at ", options.x_label,
                               " ", Fixed(p.x, 0))) +
             "</title></circle>\n";
    }
  }
  for (Label& label : labels) label.y = label.end = axes.Y(label.y);
  Separate(labels);
  for (const Label& label : labels) {
    const std::string color = StrCat("c", label.color % kPlotColors);
    svg += "<path class=\"lead " + color + "\" d=\"M" + SvgNumber(axes.Right() + 4) + " " +
           SvgNumber(label.end) + "l8 " + SvgNumber(label.y - label.end) + "\"/>\n";
    svg += SvgText(axes.Right() + 15, label.y + 4, "class=\"label " + color + "\"", label.text);
  }
  return "<figure class=\"plot\">\n<figcaption>" + EscapeHtml(options.title) + "</figcaption>\n" +
         Legend(series) + "<div class=\"scroll\">" + svg + "</svg></div>\n</figure>\n";
}

}  // namespace seglab
