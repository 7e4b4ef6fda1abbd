#include "report/pivot.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/format.h"
#include "base/names.h"
#include "report/html.h"

namespace seglab {
namespace {

constexpr size_t kMostTables = 6;

/// A factor in which rows differ: its values in the order in which they appear.
struct Varied {
  std::string name;
  size_t at;  ///< among the factors of a row
  std::vector<std::string> values;
};

std::vector<Varied> VariedFactors(const Table& table) {
  std::vector<Varied> varied;
  if (table.rows.empty()) return varied;
  const std::vector<Factor>& first = table.rows.front().factors;
  for (size_t at = 0; at < first.size(); ++at) {
    Varied factor{first[at].name, at, {}};
    for (const TableRow& row : table.rows) {
      if (row.factors.size() != first.size()) return {};
      const std::string& value = row.factors[at].value;
      if (std::find(factor.values.begin(), factor.values.end(), value) == factor.values.end())
        factor.values.push_back(value);
    }
    if (factor.values.size() > 1) varied.push_back(std::move(factor));
  }
  return varied;
}

/// "-" of an evaluation without a name.
std::string Shown(const std::string& value) { return EscapeHtml(value.empty() ? "-" : value); }

struct Pivot {
  const Table& table;
  Varied down, across;
  size_t column;  ///< of the mean IU
  double low, high;
};

/// Whether every row has a place of its own.
bool AllDiffer(const Table& table) {
  std::set<std::vector<std::string>> places;
  for (const TableRow& row : table.rows) {
    std::vector<std::string> place;
    for (const Factor& factor : row.factors) place.push_back(factor.value);
    if (!places.insert(place).second) return false;
  }
  return true;
}

const TableRow* Find(const std::vector<const TableRow*>& rows, const Pivot& pivot,
                     const std::string& down, const std::string& across) {
  for (const TableRow* row : rows) {
    if (row->factors[pivot.down.at].value == down && row->factors[pivot.across.at].value == across)
      return row;
  }
  return nullptr;
}

std::string CellHtml(const TableRow* row, const Pivot& pivot) {
  if (row == nullptr || !std::isfinite(row->ours[pivot.column].mean)) return "<td>–</td>";
  const Spread& spread = row->ours[pivot.column];
  const double heat =
      pivot.high > pivot.low ? (spread.mean - pivot.low) / (pivot.high - pivot.low) : 0;
  const bool best = FormatPercent(spread.mean) == FormatPercent(pivot.high);
  std::string html = "<td class=\"heat\" style=\"--heat:" + Fixed(heat, 2) + "\">" +
                     (best ? "<b>" : "") + FormatPercent(spread.mean) + (best ? "</b>" : "");
  if (std::isfinite(spread.deviation))
    html += " <span class=\"spread\">± " + FormatPercent(spread.deviation) + "</span>";
  if (pivot.table.has_baseline)
    html += "<div class=\"spread\">" +
            (row->is_baseline ? "baseline" : FormatDifference(row->difference)) + "</div>";
  return html + "</td>";
}

std::string OneTable(const std::vector<const TableRow*>& rows, const Pivot& pivot,
                     const std::string& caption) {
  std::string html = "<div class=\"scroll\"><table class=\"pivot\">\n";
  if (!caption.empty()) html += "<caption>" + EscapeHtml(caption) + "</caption>\n";
  html += StrCat("<thead><tr><th></th><th class=\"over\" colspan=\"", pivot.across.values.size(),
                 "\">", EscapeHtml(pivot.across.name), "</th></tr>\n<tr><th class=\"down\">",
                 EscapeHtml(pivot.down.name), "</th>");
  for (const std::string& across : pivot.across.values) html += "<th>" + Shown(across) + "</th>";
  html += "</tr></thead>\n<tbody>\n";
  for (const std::string& down : pivot.down.values) {
    html += "<tr><th scope=\"row\">" + Shown(down) + "</th>";
    for (const std::string& across : pivot.across.values)
      html += CellHtml(Find(rows, pivot, down, across), pivot);
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table></div>\n";
}

}  // namespace

std::string PivotsHtml(const Table& table) {
  std::vector<Varied> varied = VariedFactors(table);
  const auto column = std::find(table.columns.begin(), table.columns.end(), "mean_iou");
  if (varied.size() < 2 || column == table.columns.end() || !AllDiffer(table)) return "";
  size_t cells = 1;
  for (const Varied& factor : varied) cells *= factor.values.size();
  if (cells > 2 * table.rows.size()) return "";
  // The longest factor goes down, the next across; the others part tables.
  std::stable_sort(varied.begin(), varied.end(), [](const Varied& a, const Varied& b) {
    return a.values.size() > b.values.size();
  });
  Pivot pivot{table, varied[0], varied[1], static_cast<size_t>(column - table.columns.begin()),
              0,     0};
  bool first = true;
  for (const TableRow& row : table.rows) {
    const double mean = row.ours[pivot.column].mean;
    if (!std::isfinite(mean)) continue;
    pivot.low = first ? mean : std::min(pivot.low, mean);
    pivot.high = first ? mean : std::max(pivot.high, mean);
    first = false;
  }
  std::vector<std::pair<std::string, std::vector<const TableRow*>>> tables;
  for (const TableRow& row : table.rows) {
    std::vector<std::string> others;
    for (size_t f = 2; f < varied.size(); ++f)
      others.push_back(varied[f].name + " " + row.factors[varied[f].at].value);
    const std::string caption = Join(others);
    auto found = std::find_if(tables.begin(), tables.end(),
                              [&](const auto& one) { return one.first == caption; });
    if (found == tables.end()) found = tables.insert(tables.end(), {caption, {}});
    found->second.push_back(&row);
  }
  if (tables.size() > kMostTables) return "";
  std::string html = "<h3>Mean IU by " + EscapeHtml(varied[0].name) + " and " +
                     EscapeHtml(varied[1].name) + "</h3>\n<div class=\"pivots\">\n";
  for (const auto& [caption, rows] : tables) html += OneTable(rows, pivot, caption);
  return html + "</div>\n";
}

}  // namespace seglab
