#include "report/classes_section.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "base/error.h"
#include "base/format.h"
#include "report/columns.h"
#include "report/html.h"
#include "report/short_names.h"
#include "report/table.h"

namespace seglab {
namespace {

constexpr size_t kMany = 30;  ///< classes; more of them are scrolled in a window
constexpr size_t kLongestName = 28;

struct ClassRow {
  std::string name;
  double pixels = 0;
  std::map<std::string, std::vector<double>> ious;  ///< by group, in [0, 1], NaN where undefined
};

std::vector<ClassRow> ClassRows(const ExperimentResult& result) {
  std::vector<ClassRow> rows;
  for (const RunResult& run : result.runs) {
    if (IsPreTraining(run) || !run.metrics.is_object()) continue;
    const auto classes = run.metrics.find("per_class");
    if (classes == run.metrics.end() || !classes->is_array()) continue;
    for (const Json& entry : *classes) {
      if (!entry.is_object() || !entry.contains("name") || !entry["name"].is_string()) continue;
      const std::string name = entry["name"];
      auto row = std::find_if(rows.begin(), rows.end(),
                              [&name](const ClassRow& r) { return r.name == name; });
      if (row == rows.end()) row = rows.insert(rows.end(), {name, 0, {}});
      const double pixels = MetricValue(entry, "pixels");
      if (std::isfinite(pixels)) row->pixels = pixels;
      row->ious[run.group].push_back(MetricValue(entry, "iou"));
    }
  }
  return rows;
}

/// Of the class of this name; empty where the data set has none.
std::string SwatchOf(const LabelSet& labels, const std::string& name) {
  const auto at = std::find(labels.names.begin(), labels.names.end(), name);
  if (at == labels.names.end()) return "";
  return Swatch(MaskColor(labels, static_cast<int>(at - labels.names.begin())));
}

/// A cell whose background grows stronger with the value.
std::string HeatCell(const std::vector<double>& ious) {
  double mean = ious.empty() ? std::numeric_limits<double>::quiet_NaN() : 0;
  for (double iou : ious) mean += iou / static_cast<double>(ious.size());
  if (!std::isfinite(mean)) return "<td>-</td>";
  return "<td class=\"heat\" style=\"--heat:" + Fixed(mean, 2) + "\">" + FormatPercent(100 * mean) +
         "</td>";
}

}  // namespace

std::string ClassesSection(const ExperimentResult& result) {
  const std::vector<ClassRow> rows = ClassRows(result);
  if (rows.empty()) return "";
  const Table table = MakeTable(result, false);
  double total = 0;
  for (const ClassRow& row : rows) total += row.pixels;

  std::string html =
      StrCat("<section id=\"classes\">\n<h2>IU of each class</h2>\n<div class=\"scroll",
             rows.size() > kMany ? " tall" : "",
             "\"><table class=\"classes sortable\">\n<thead><tr><th class=\"name\">class</th>"
             "<th>share</th>");
  std::vector<std::string> groups;
  for (const TableRow& group : table.rows) groups.push_back(group.group);
  const std::vector<std::string> shown = ShortNames(groups, kLongestName);
  for (size_t i = 0; i < groups.size(); ++i) {
    html += "<th title=\"" + EscapeHtml(groups[i]) + "\">" + EscapeHtml(shown[i]) + "</th>";
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const ClassRow& row : rows) {
    const double share = total > 0 ? 100 * row.pixels / total : 0;
    html += "<tr><th scope=\"row\">" + SwatchOf(result.labels, row.name) + EscapeHtml(row.name) +
            "</th><td class=\"paper\">" + FormatPercent(share) + "</td>";
    for (const TableRow& group : table.rows) {
      const auto found = row.ious.find(group.group);
      html += HeatCell(found == row.ious.end() ? std::vector<double>{} : found->second);
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table></div>\n<p class=\"note\">Percent" +
         (table.has_spread ? ", mean over the runs of a group" : std::string()) +
         ". Share: part of the true pixels.</p>\n</section>\n";
}

}  // namespace seglab
