#include "report/results_section.h"

#include <cmath>

#include "base/error.h"
#include "base/format.h"
#include "report/columns.h"
#include "report/costs.h"
#include "report/html.h"
#include "report/pivot.h"
#include "report/table.h"

namespace seglab {
namespace {

/// The best mean of ours in a column as the table shows it; "" where one row alone is no contest.
std::string Best(const Table& table, size_t column) {
  const ColumnRow* score = FindColumn(table.columns[column]);
  const double sign = score != nullptr && score->lower_is_better ? -1 : 1;
  const TableRow* best = nullptr;
  for (const TableRow& row : table.rows) {
    if (!std::isfinite(row.ours[column].mean)) continue;
    if (best == nullptr || sign * row.ours[column].mean > sign * best->ours[column].mean)
      best = &row;
  }
  return table.rows.size() < 2 || best == nullptr ? "" : FormatPercent(best->ours[column].mean);
}

std::string SpreadHtml(const Spread& spread, const std::string& best) {
  const std::string mean = FormatPercent(spread.mean);
  std::string html = mean == best ? "<b>" + mean + "</b>" : mean;
  if (std::isfinite(spread.mean) && std::isfinite(spread.deviation)) {
    html += " <span class=\"spread\">± " + FormatPercent(spread.deviation) + "</span>";
  }
  return html;
}

/// A cell whose text is no plain number, with the value that it is sorted by, in JavaScript's
/// words.
std::string Valued(double value, const std::string& text) {
  return "<td data-value=\"" + (std::isinf(value) ? "Infinity" : Significant(value, 10)) + "\">" +
         text + "</td>";
}

std::string TableHtml(const Table& table, bool classification) {
  const char* rows = table.has_paper ? " rowspan=\"2\"" : "";
  std::string html = StrCat(
      "<div class=\"scroll\"><table class=\"results sortable\">\n<thead><tr><th class=\"name\"",
      rows, ">row</th>");
  if (table.has_spread) html += StrCat("<th", rows, ">n</th>");
  for (size_t c = 0; c < table.columns.size(); ++c) {
    html += (table.HasPaper(c) ? "<th colspan=\"2\" class=\"pair\">" : StrCat("<th", rows, ">")) +
            EscapeHtml(ColumnTitle(table.columns[c], classification)) + "</th>";
  }
  if (table.has_baseline) html += StrCat("<th", rows, ">Δ</th>");
  for (size_t cost : table.costs) html += StrCat("<th", rows, ">", CostRows()[cost].title, "</th>");
  html += "</tr>";
  if (table.has_paper) {
    html += "\n<tr>";
    for (size_t c = 0; c < table.listed; ++c) {
      html += "<th class=\"first\">ours</th><th class=\"paper\">paper</th>";
    }
    html += "</tr>";
  }
  html += "</thead>\n<tbody>\n";
  for (const TableRow& row : table.rows) {
    html += "<tr><th scope=\"row\">" + EscapeHtml(row.group) + "</th>";
    if (table.has_spread) html += StrCat("<td>", row.runs, "</td>");
    for (size_t c = 0; c < table.columns.size(); ++c) {
      html += "<td class=\"first\">" + SpreadHtml(row.ours[c], Best(table, c)) + "</td>";
      if (table.HasPaper(c)) html += "<td class=\"paper\">" + FormatPercent(row.paper[c]) + "</td>";
    }
    if (table.has_baseline) html += "<td>" + FormatDifference(row.difference) + "</td>";
    for (size_t cost : table.costs)
      html += Valued(row.costs[cost], CostRows()[cost].text(row.costs[cost]));
    html += "</tr>\n";
  }
  html += "</tbody>\n</table></div>\n<p class=\"note\">";
  for (const std::string& note : table.notes) html += EscapeHtml(note) + " ";
  return html + "</p>\n";
}

}  // namespace

std::string ResultsSection(const ExperimentResult& result) {
  std::string html = "<section id=\"results\">\n<h2>Results</h2>\n";
  const Table main = MakeTable(result, false);
  const Table pre_training = MakeTable(result, true);
  if (main.rows.empty() && pre_training.rows.empty()) html += "<p>No run is finished.</p>\n";
  if (!main.rows.empty()) html += TableHtml(main, false) + PivotsHtml(main);
  if (!pre_training.rows.empty()) {
    html += "<h3>Pre-training</h3>\n" + TableHtml(pre_training, true);
  }
  std::string items;
  for (const std::string& note : UnfinishedNotes(result))
    items += "<li>" + EscapeHtml(note) + "</li>\n";
  if (!items.empty()) html += "<ul class=\"unfinished\">\n" + items + "</ul>\n";
  return html + "</section>\n";
}

}  // namespace seglab
