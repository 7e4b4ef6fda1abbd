#include "report/shown_rows.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "report/columns.h"
#include "report/short_names.h"
#include "report/svg.h"

namespace seglab {
namespace {

constexpr size_t kFew = 10;  ///< rows that can all stand out
constexpr size_t kLongestLabel = 20;

/// What is drawn together and its best score.
struct Row {
  std::string name;
  double best = -1;
};

void Count(const RunResult& run, const std::string& name, std::vector<Row>& rows) {
  auto row =
      std::find_if(rows.begin(), rows.end(), [&](const Row& other) { return other.name == name; });
  if (row == rows.end()) row = rows.insert(rows.end(), {name});
  const double score = MetricValue(run.metrics, IsPreTraining(run) ? "pixel_acc" : "mean_iou");
  if (std::isfinite(score)) row->best = std::max(row->best, score);
}

}  // namespace

ShownRows::ShownRows(const ExperimentResult& result, Drawn drawn) {
  std::vector<Row> rows;
  for (const RunResult& run : result.runs) {
    if (IsPreTraining(run) != (drawn == Drawn::kPreTrainings)) continue;
    Count(run, drawn == Drawn::kRows ? run.group : WithoutEvaluation(run.group, run), rows);
  }
  std::vector<std::string> names;
  std::vector<size_t> order;  // those that stand out, as they stand in the table
  for (size_t i = 0; i < rows.size(); ++i) {
    names.push_back(rows[i].name);
    order.push_back(i);
  }
  if (order.size() > kFew) {
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      const bool first = names[a] == result.baseline, second = names[b] == result.baseline;
      return first != second ? first : rows[a].best > rows[b].best;
    });
    order.resize(kPlotColors);
    std::sort(order.begin(), order.end());
  }
  const std::vector<std::string> labels = ShortNames(names, kLongestLabel);
  for (size_t i = 0; i < names.size(); ++i) {
    const auto at = std::find(order.begin(), order.end(), i);
    looks_.emplace(names[i],
                   Look{static_cast<int>(at - order.begin()), at == order.end(), labels[i]});
  }
}

Series ShownRows::SeriesOf(const std::string& run, const std::string& group) const {
  Series series;
  series.name = run;
  series.group = group;
  const auto look = looks_.find(group);
  if (look == looks_.end()) return series;
  series.label = look->second.label;
  series.color = look->second.color;
  series.quiet = look->second.quiet;
  return series;
}

}  // namespace seglab
