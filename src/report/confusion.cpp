#include "report/confusion.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/format.h"
#include "report/columns.h"
#include "report/html.h"

namespace seglab {
namespace {

constexpr size_t kListed = 10, kWholeMatrix = 24;

struct Mistake {
  size_t truth, said;
  int64_t pixels;
};

int64_t Sum(const std::vector<int64_t>& row) {
  return std::accumulate(row.begin(), row.end(), int64_t{0});
}

/// "12.3" percent of a whole, "-" of nothing.
std::string Part(int64_t pixels, int64_t whole) {
  return whole == 0 ? "-"
                    : FormatPercent(100 * static_cast<double>(pixels) / static_cast<double>(whole));
}

const RunResult* BestRun(const ExperimentResult& result) {
  const RunResult* best = nullptr;
  for (const RunResult& run : result.runs) {
    if (IsPreTraining(run) || ConfusionOf(run.metrics).empty()) continue;
    const double score = MetricValue(run.metrics, "mean_iou");
    if (!std::isfinite(score)) continue;
    if (best == nullptr || score > MetricValue(best->metrics, "mean_iou")) best = &run;
  }
  return best;
}

std::string NameOf(const LabelSet& labels, size_t label) {
  const bool known = label < labels.names.size();
  return (known ? Swatch(MaskColor(labels, static_cast<int>(label))) : "") +
         EscapeHtml(known ? labels.names[label] : StrCat("class ", label));
}

std::string MistakesHtml(const Confusion& confusion, const LabelSet& labels) {
  std::vector<Mistake> mistakes;
  int64_t total = 0;
  for (size_t i = 0; i < confusion.size(); ++i) {
    total += Sum(confusion[i]);
    for (size_t j = 0; j < confusion.size(); ++j) {
      if (i != j && confusion[i][j] > 0) mistakes.push_back({i, j, confusion[i][j]});
    }
  }
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const Mistake& a, const Mistake& b) { return a.pixels > b.pixels; });
  if (mistakes.empty()) return "";
  if (mistakes.size() > kListed) mistakes.resize(kListed);
  std::string html =
      "<div class=\"scroll\"><table class=\"confusions\">\n<thead><tr><th>truth</th><th>taken "
      "for</th><th>of the class</th><th>of all pixels</th></tr></thead>\n<tbody>\n";
  for (const Mistake& mistake : mistakes) {
    html += "<tr><th scope=\"row\">" + NameOf(labels, mistake.truth) + "</th><td class=\"name\">" +
            NameOf(labels, mistake.said) + "</td><td>" +
            Part(mistake.pixels, Sum(confusion[mistake.truth])) + "</td><td>" +
            Part(mistake.pixels, total) + "</td></tr>\n";
  }
  return html + "</tbody>\n</table></div>\n";
}

std::string MatrixHtml(const Confusion& confusion, const LabelSet& labels) {
  std::string html =
      "<details>\n<summary>The whole matrix</summary>\n<div class=\"scroll\"><table "
      "class=\"classes\">\n<thead><tr><th>truth</th>";
  for (size_t j = 0; j < confusion.size(); ++j) html += "<th>" + NameOf(labels, j) + "</th>";
  html += "</tr></thead>\n<tbody>\n";
  for (size_t i = 0; i < confusion.size(); ++i) {
    const int64_t whole = Sum(confusion[i]);
    html += "<tr><th scope=\"row\">" + NameOf(labels, i) + "</th>";
    for (int64_t pixels : confusion[i]) {
      const double part = whole == 0 ? 0 : static_cast<double>(pixels) / static_cast<double>(whole);
      html += "<td class=\"heat\" style=\"--heat:" + Fixed(part, 2) + "\">" +
              (pixels == 0 ? "" : Part(pixels, whole)) + "</td>";
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table></div>\n</details>\n";
}

}  // namespace

Confusion ConfusionOf(const Json& metrics) {
  const Json json = metrics.is_object() ? metrics.value("confusion", Json()) : Json();
  if (!json.is_array()) return {};
  Confusion confusion;
  for (const Json& row : json) {
    if (!row.is_array() || row.size() != json.size()) return {};
    confusion.emplace_back();
    for (const Json& count : row) {
      if (!count.is_number_integer()) return {};
      confusion.back().push_back(count.get<int64_t>());
    }
  }
  return confusion;
}

std::string ConfusionSection(const ExperimentResult& result) {
  const RunResult* best = BestRun(result);
  if (best == nullptr) return "";
  const Confusion confusion = ConfusionOf(best->metrics);
  const std::string mistakes = MistakesHtml(confusion, result.labels);
  if (mistakes.empty()) return "";
  std::string html = "<section id=\"confusions\">\n<h2>Confusions</h2>\n" + mistakes;
  if (confusion.size() <= kWholeMatrix) html += MatrixHtml(confusion, result.labels);
  return html + "<p class=\"note\">Percent, of " + EscapeHtml(best->name) +
         ", the run with the best mean IU.</p>\n</section>\n";
}

}  // namespace seglab
