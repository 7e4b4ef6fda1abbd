#include "report/table_sections.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "report/curves_section.h"
#include "report/html.h"
#include "report/table.h"

namespace seglab {
namespace {

/// The largest mean of ours in a column as the table shows it; "" where one row alone is no
/// contest.
std::string Best(const Table& table, size_t column) {
  const TableRow* best = nullptr;
  for (const TableRow& row : table.rows) {
    if (!std::isfinite(row.ours[column].mean)) continue;
    if (best == nullptr || row.ours[column].mean > best->ours[column].mean) best = &row;
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

std::string TableHtml(const Table& table, bool classification) {
  const char* rows = table.has_paper ? " rowspan=\"2\"" : "";
  std::string html =
      StrCat("<div class=\"scroll\"><table class=\"results\">\n<thead><tr><th", rows, "></th>");
  if (table.has_spread) html += StrCat("<th", rows, ">n</th>");
  for (const std::string& column : table.columns) {
    html += std::string(table.has_paper ? "<th colspan=\"2\" class=\"pair\">" : "<th>") +
            EscapeHtml(ColumnTitle(column, classification)) + "</th>";
  }
  html += StrCat("<th", rows, ">parameters</th><th", rows, ">training</th>");
  if (table.has_total) html += StrCat("<th", rows, ">in all</th>");
  html += "</tr>";
  if (table.has_paper) {
    html += "\n<tr>";
    for (size_t c = 0; c < table.columns.size(); ++c) {
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
      if (table.has_paper) html += "<td class=\"paper\">" + FormatPercent(row.paper[c]) + "</td>";
    }
    html += "<td class=\"first\">" + FormatCount(row.parameters) + "</td><td>" +
            FormatTime(row.train_seconds) + "</td>" +
            (table.has_total ? "<td>" + FormatTime(row.total_seconds) + "</td>" : "") + "</tr>\n";
  }
  html += "</tbody>\n</table></div>\n<p class=\"note\">";
  for (const std::string& note : table.notes) html += EscapeHtml(note) + " ";
  return html + "</p>\n";
}

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

std::string Swatch(const LabelSet& labels, const std::string& name) {
  const auto at = std::find(labels.names.begin(), labels.names.end(), name);
  if (at == labels.names.end()) return "";
  const Color c = MaskColor(labels, static_cast<int>(at - labels.names.begin()));
  return StrCat("<i class=\"swatch\" style=\"background:rgb(", int{c[0]}, ",", int{c[1]}, ",",
                int{c[2]}, ")\"></i>");
}

/// A cell whose background grows stronger with the value.
std::string HeatCell(const std::vector<double>& ious) {
  double mean = ious.empty() ? std::numeric_limits<double>::quiet_NaN() : 0;
  for (double iou : ious) mean += iou / static_cast<double>(ious.size());
  if (!std::isfinite(mean)) return "<td>-</td>";
  char heat[32];
  std::snprintf(heat, sizeof(heat), "%.2f", mean);
  return StrCat("<td class=\"heat\" style=\"--heat:", heat, "\">", FormatPercent(100 * mean),
                "</td>");
}

std::string Row(const std::string& name, const std::string& value) {
  return "<div><dt>" + name + "</dt><dd>" + EscapeHtml(value) + "</dd></div>";
}

}  // namespace

std::string ResultsSection(const ExperimentResult& result) {
  std::string html = "<section id=\"results\">\n<h2>Results</h2>\n";
  const Table main = MakeTable(result, false);
  const Table pre_training = MakeTable(result, true);
  if (main.rows.empty() && pre_training.rows.empty()) html += "<p>No run is finished.</p>\n";
  if (!main.rows.empty()) html += TableHtml(main, false);
  if (!pre_training.rows.empty()) {
    html += "<h3>Pre-training</h3>\n" + TableHtml(pre_training, true);
  }
  return html + "</section>\n";
}

std::string ClassesSection(const ExperimentResult& result) {
  const std::vector<ClassRow> rows = ClassRows(result);
  if (rows.empty()) return "";
  const Table table = MakeTable(result, false);
  double total = 0;
  for (const ClassRow& row : rows) total += row.pixels;

  std::string html =
      "<section id=\"classes\">\n<h2>IU of each class</h2>\n<div class=\"scroll\">"
      "<table class=\"classes\">\n<thead><tr><th></th><th>share</th>";
  for (const TableRow& group : table.rows) html += "<th>" + EscapeHtml(group.group) + "</th>";
  html += "</tr></thead>\n<tbody>\n";
  for (const ClassRow& row : rows) {
    const double share = total > 0 ? 100 * row.pixels / total : 0;
    html += "<tr><th scope=\"row\">" + Swatch(result.labels, row.name) + EscapeHtml(row.name) +
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

std::string RunsSection(const ExperimentResult& result) {
  if (result.runs.empty()) return "";
  std::string html = "<section id=\"runs\">\n<h2>Runs</h2>\n";
  for (const RunResult& run : result.runs) {
    const double speed = ReadRunLog(run.folder, "").images_per_second;
    html += "<details>\n<summary>" + EscapeHtml(run.name) + "</summary>\n<dl>";
    if (IsPreTraining(run)) html += Row("task", "pre-training");
    html += Row("seed", std::to_string(run.seed));
    html += Row("parameters", FormatCount(run.parameters));
    html += Row("iterations", std::to_string(run.iterations));
    html += Row("training", FormatDuration(run.train_seconds));
    if (speed > 0) {
      char text[32];
      std::snprintf(text, sizeof(text), "%.3g images/s", speed);
      html += Row("speed", text);
    }
    html += Row("evaluation", FormatDuration(run.eval_seconds));
    html += Row("folder", run.folder) + "</dl>\n";
    if (!run.config.is_null()) {
      html += "<pre>" + EscapeHtml(run.config.dump(2, ' ', false, Json::error_handler_t::replace)) +
              "</pre>\n";
    }
    html += "</details>\n";
  }
  return html + "</section>\n";
}

}  // namespace seglab
