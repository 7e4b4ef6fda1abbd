#include "report/certainty_section.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/format.h"
#include "report/html.h"
#include "report/short_names.h"
#include "report/svg.h"
#include "report/ticks.h"

namespace seglab {
namespace {

// Units of the SVG; the page shows them at about one pixel each.
constexpr double kWidth = 440, kLeft = 150, kRight = 52, kRow = 24, kTop = 8, kBottom = 40;
constexpr size_t kLongestName = 24, kManyPairs = 12;

struct Bar {
  std::string name, shown;
  Interval interval;
};

std::vector<Bar> BarsOf(const Certainty& certainty, size_t column) {
  std::vector<Bar> bars;
  for (const RowCertainty& row : certainty.rows) {
    if (std::isfinite(row.columns[column].low))
      bars.push_back({row.group, "", row.columns[column]});
  }
  std::vector<std::string> names;
  for (const Bar& bar : bars) names.push_back(bar.name);
  const std::vector<std::string> shown = ShortNames(names, kLongestName);
  for (size_t i = 0; i < bars.size(); ++i) bars[i].shown = shown[i];
  return bars;
}

/// A line for each row: its name, its interval with a dot at its figure, and the figure.
std::string Picture(const std::vector<Bar>& bars) {
  double low = bars.front().interval.low, high = bars.front().interval.high;
  for (const Bar& bar : bars) {
    low = std::min(low, bar.interval.low);
    high = std::max(high, bar.interval.high);
  }
  const std::vector<double> ticks = RoundTicks(low, high, 5);
  const double height = kTop + kRow * static_cast<double>(bars.size()) + kBottom;
  const auto place = [&](double value) {
    const double span = ticks.back() - ticks.front();
    const double part = span > 0 ? (value - ticks.front()) / span : 0.5;
    return kLeft + part * (kWidth - kLeft - kRight);
  };
  const auto line = [](const char* style, double x1, double y1, double x2, double y2) {
    return StrCat("<path class=\"", style, "\" d=\"M", SvgNumber(x1), " ", SvgNumber(y1), "L",
                  SvgNumber(x2), " ", SvgNumber(y2), "\"/>\n");
  };
  std::string svg = StrCat("<svg viewBox=\"0 0 ", SvgNumber(kWidth), " ", SvgNumber(height),
                           "\" role=\"img\" aria-label=\"mean IU with 95 % intervals\">\n");
  const double bottom = height - kBottom + 4;
  for (double tick : ticks) {
    svg += line("grid", place(tick), kTop, place(tick), bottom);
    svg += SvgText(place(tick), bottom + 16, "text-anchor=\"middle\"", FormatTick(tick));
  }
  svg += SvgText((kLeft + kWidth - kRight) / 2, height - 4, "text-anchor=\"middle\" class=\"name\"",
                 "mean IU in percent");
  double y = kTop + kRow / 2;
  for (const Bar& bar : bars) {
    const Interval& interval = bar.interval;
    svg += "<g class=\"c0\"><title>" + EscapeHtml(bar.name) + ": " + FormatPercent(interval.value) +
           " [" + FormatPercent(interval.low) + ", " + FormatPercent(interval.high) + "]</title>\n";
    svg += SvgText(0, y + 4, "class=\"row\"", bar.shown);
    svg += line("line", place(interval.low), y, place(interval.high), y);
    svg += StrCat("<circle class=\"dot\" cx=\"", SvgNumber(place(interval.value)), "\" cy=\"",
                  SvgNumber(y), "\" r=\"4.5\"/>\n");
    svg +=
        SvgText(kWidth, y + 4, "text-anchor=\"end\" class=\"row\"", FormatPercent(interval.value));
    svg += "</g>\n";
    y += kRow;
  }
  return "<figure class=\"plot narrow\"><figcaption>Mean IU, 95 % interval over images</figcaption>"
         "<div class=\"scroll\">" +
         svg + "</svg></div></figure>\n";
}

}  // namespace

std::string CertaintySection(const Certainty& certainty, const std::vector<std::string>& columns) {
  const auto at = std::find(columns.begin(), columns.end(), "mean_iou");
  const std::vector<Bar> bars = at == columns.end()
                                    ? std::vector<Bar>()
                                    : BarsOf(certainty, static_cast<size_t>(at - columns.begin()));
  if (bars.empty() && certainty.pairs.empty()) return "";
  std::string html = "<section id=\"certainty\">\n<h2>How sure</h2>\n";
  if (!bars.empty()) html += Picture(bars);
  for (const bool beyond_noise : {true, false}) {
    std::string items;
    size_t count = 0;
    for (const PairCertainty& pair : certainty.pairs) {
      if (pair.IsBeyondNoise() != beyond_noise) continue;
      ++count;
      items += "<li>" + EscapeHtml(PairSentence(WithShortNames(pair, certainty))) + "</li>\n";
    }
    if (items.empty()) continue;
    const std::string list = "<ul class=\"pairs\">\n" + items + "</ul>\n";
    html += std::string("<h3>") + (beyond_noise ? "Beyond noise" : "Not told apart") + "</h3>\n" +
            (count > kManyPairs
                 ? StrCat("<details><summary>", count, " pairs</summary>\n", list, "</details>\n")
                 : list);
  }
  html +=
      "<p class=\"note\">Intervals: bootstrap over the validation images (BCa). p: the two "
      "networks' answers exchanged image by image, at random; ";
  if (certainty.pairs.size() > 1)
    html += StrCat("corrected for ", certainty.pairs.size(), " pairs (Holm); ");
  html +=
      "±: half of the difference's 95 % interval. Both say how sure the figures are of other "
      "images of the kind, seeds say it of other trainings.";
  for (const std::string& note : certainty.notes) html += " " + EscapeHtml(note);
  return html + "</p>\n</section>\n";
}

}  // namespace seglab
