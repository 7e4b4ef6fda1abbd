#include "report/headline.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/format.h"
#include "report/html.h"
#include "report/picture_cells.h"
#include "report/short_names.h"
#include "report/table.h"

namespace seglab {
namespace {

constexpr int kSide = 400;

/// The best row by mean IU; nullptr where none has any.
const TableRow* BestRow(const Table& table, size_t column) {
  const TableRow* best = nullptr;
  for (const TableRow& row : table.rows) {
    if (!std::isfinite(row.ours[column].mean)) continue;
    if (best == nullptr || row.ours[column].mean > best->ours[column].mean) best = &row;
  }
  return best;
}

const TableRow* NextRow(const Table& table, size_t column, const TableRow* best,
                        const std::string& baseline) {
  const TableRow* next = nullptr;
  for (const TableRow& row : table.rows) {
    if (&row == best || !std::isfinite(row.ours[column].mean)) continue;
    if (!baseline.empty() && best->group != baseline) {
      if (row.group == baseline) return &row;
      continue;
    }
    if (next == nullptr || row.ours[column].mean > next->ours[column].mean) next = &row;
  }
  return next;
}

/// A row's name, without what all share where it is long.
std::string ShortOf(const Table& table, const TableRow& one) {
  constexpr size_t kLongest = 60, kLong = 32;
  if (TextWidth(one.group) <= kLong) return one.group;
  std::vector<std::string> names;
  for (const TableRow& row : table.rows) names.push_back(row.group);
  return ShortNames(names, kLongest)[static_cast<size_t>(&one - table.rows.data())];
}

/// "A beats B by 2.1 ± 0.4 mean IU (p < 0.001)." where the pair was compared.
std::string Ahead(const Certainty& certainty, const std::string& best, const std::string& next) {
  for (const PairCertainty& pair : certainty.pairs) {
    const bool same =
        (pair.first == best && pair.second == next) || (pair.first == next && pair.second == best);
    if (same) return PairSentence(WithShortNames(pair, certainty));
  }
  return "";
}

/// The typical image of a row's first run; "" where no gallery shows one.
std::string Pictures(const std::vector<Gallery>& galleries, const std::string& group,
                     const LabelSet& labels) {
  for (const Gallery& gallery : galleries) {
    for (size_t r = 0; r < gallery.runs.size(); ++r) {
      if (gallery.runs[r]->group != group) continue;
      const GalleryImage& image = gallery.typical[r];
      const std::string& run = gallery.names[r];
      const std::string pictures[] = {
          PhotoHtml(image.image, image.name, kSide),
          MaskHtml(image.truth, "truth of " + image.name, labels, kSide),
          MaskHtml(image.predictions[r], "prediction of " + run + " for " + image.name, labels,
                   kSide)};
      const std::string captions[] = {"a typical image", "truth", run};
      std::string html;
      for (size_t i = 0; i < 3; ++i) {
        if (pictures[i].empty()) return "";
        html += "<figure>" + pictures[i] + "<figcaption>" + EscapeHtml(captions[i]) +
                "</figcaption></figure>";
      }
      return "<div class=\"typical\">" + html + "</div>\n";
    }
  }
  return "";
}

}  // namespace

std::string HeadlineHtml(const ExperimentResult& result, const Certainty& certainty,
                         const std::vector<Gallery>& galleries) {
  const auto at = std::find(result.columns.begin(), result.columns.end(), "mean_iou");
  if (at == result.columns.end()) return "";
  const auto column = static_cast<size_t>(at - result.columns.begin());
  const Table table = MakeTable(result, false);
  const TableRow* best = BestRow(table, column);
  if (best == nullptr) return "";
  std::string html = "<p class=\"headline\"><b>" + FormatSpread(best->ours[column]) +
                     " mean IU</b> " + (table.rows.size() > 1 ? "at best, by " : "by ") +
                     EscapeHtml(ShortOf(table, *best));
  if (table.rows.size() > 1) html += StrCat(", of ", table.rows.size(), " rows");
  html += ".";
  const TableRow* next = NextRow(table, column, best, result.baseline);
  const std::string ahead = next == nullptr ? "" : Ahead(certainty, best->group, next->group);
  if (!ahead.empty()) html += " " + EscapeHtml(ahead);
  html += "</p>\n";
  return html + Pictures(galleries, best->group, result.labels);
}

}  // namespace seglab
