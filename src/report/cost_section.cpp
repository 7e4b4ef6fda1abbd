#include "report/cost_section.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "report/costs.h"
#include "report/scatter.h"
#include "report/table.h"

namespace seglab {
namespace {

/// "FCN-8s [alexnet], crf": a row of a sweep by its run, its variant and its evaluation.
struct RowName {
  std::string run, variant, evaluation;
};

RowName SplitName(const TableRow& row) {
  const std::string& group = row.run_group;
  const size_t bracket = group.rfind(" [");
  if (bracket == std::string::npos || group.back() != ']') return {group, "", row.evaluation};
  return {group.substr(0, bracket), group.substr(bracket + 2, group.size() - bracket - 3),
          row.evaluation};
}

/// The distinct values of one part of the names.
std::set<std::string> Distinct(const std::vector<RowName>& names, std::string RowName::*part) {
  std::set<std::string> values;
  for (const RowName& name : names) values.insert(name.*part);
  return values;
}

/// Points with labels and colors, their places still open: only what differs between the rows is
/// said. The runs of one variant share a color, and the last of them bears its name; without
/// variants the evaluations of one run share it, which stand above each other.
std::vector<ScatterPoint> LabelledPoints(const Table& table) {
  std::vector<RowName> names;
  for (const TableRow& row : table.rows) names.push_back(SplitName(row));
  const bool by_run = Distinct(names, &RowName::run).size() > 1;
  const bool by_variant = Distinct(names, &RowName::variant).size() > 1;
  const bool by_evaluation = Distinct(names, &RowName::evaluation).size() > 1;
  std::map<std::pair<std::string, std::string>, int> colors;  // in the order they appear
  std::vector<ScatterPoint> points(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    const auto& [run, variant, evaluation] = names[i];
    const auto line = by_variant ? std::pair(variant, evaluation) : std::pair(run, std::string());
    points[i].color = colors.emplace(line, static_cast<int>(colors.size())).first->second;
    if (!by_variant) {
      points[i].label = run;
    } else if (!by_run) {
      points[i].label = variant;
    } else {
      const bool last = std::none_of(
          names.begin() + static_cast<int64_t>(i) + 1, names.end(), [&](const RowName& later) {
            return later.variant == names[i].variant && later.evaluation == names[i].evaluation;
          });
      points[i].label = run + (last && !variant.empty() ? " " + variant : "");
    }
    if (by_evaluation && !evaluation.empty()) points[i].label += ", " + evaluation;
  }
  return points;
}

struct Unit {
  double seconds;
  const char* name;
};

Unit UnitFor(double longest) {
  if (longest >= 2 * 3600) return {3600, "hours"};
  if (longest >= 3 * 60) return {60, "minutes"};
  return {1, "seconds"};
}

/// mean IU against one of the costs; "" of one that is not drawn.
std::string CostPlotHtml(const Table& table, std::vector<ScatterPoint> points, size_t index) {
  const CostRow& cost = CostRows()[index];
  if (!cost.plot) return "";
  double longest = 0;
  for (const TableRow& row : table.rows) {
    if (std::isfinite(row.costs[index])) longest = std::max(longest, row.costs[index]);
  }
  const Unit unit = UnitFor(longest);
  for (size_t i = 0; i < points.size(); ++i) {
    const TableRow& row = table.rows[i];
    points[i].x = row.costs[index] / (cost.plot->is_time ? unit.seconds : 1);
    points[i].y = row.ours[0].mean;
    points[i].deviation = row.ours[0].deviation;
    points[i].title = StrCat(row.group, ": ", FormatSpread(row.ours[0]), " %, ",
                             cost.text(row.costs[index]), cost.plot->unit);
  }
  ScatterOptions options;
  options.title = "mean IU against " + cost.plot->title;
  options.x_label = cost.plot->axis + (cost.plot->is_time ? StrCat(", ", unit.name) : "");
  options.y_label = "mean IU, %";
  options.log_x = cost.plot->log_x;
  return ScatterHtml(points, options);
}

}  // namespace

std::string CostSection(const ExperimentResult& result) {
  const std::vector<std::string> costs = ComparedCosts(result);
  ExperimentResult only_iou = result;
  only_iou.columns = {"mean_iou"};
  const Table table = MakeTable(only_iou, false);
  const auto scored = std::count_if(table.rows.begin(), table.rows.end(), [](const TableRow& row) {
    return std::isfinite(row.ours[0].mean);
  });
  if (scored < 2) return "";
  const std::vector<ScatterPoint> points = LabelledPoints(table);
  std::string plots;
  for (const std::string& cost : costs) plots += CostPlotHtml(table, points, CostIndex(cost));
  if (plots.empty()) return "";
  const bool total = std::find(costs.begin(), costs.end(), "total_seconds") != costs.end();
  return "<section id=\"cost\">\n<h2>Score and cost</h2>\n<div class=\"plots\">\n" + plots +
         "</div>\n<p class=\"note\">A point is a row of the table." +
         (table.has_spread ? " Bars: ± sample standard deviation." : std::string()) +
         " Training time is that of the run itself" +
         (total ? "; in all: with the runs that its weights come from" : std::string()) +
         ".</p>\n</section>\n";
}

}  // namespace seglab
