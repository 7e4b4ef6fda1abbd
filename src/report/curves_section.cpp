#include "report/curves_section.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "report/columns.h"
#include "report/curves.h"
#include "report/image_scores.h"
#include "report/run_log.h"
#include "report/shown_rows.h"

namespace seglab {
namespace {

/// One line where all are the same, as rates mostly are.
std::vector<Series> OneOfEqual(std::vector<Series> series) {
  if (series.size() < 2) return series;
  const Series& first = series.front();
  const bool equal = std::all_of(series.begin(), series.end(), [&first](const Series& other) {
    return other.x == first.x && other.y == first.y;
  });
  if (!equal) return series;
  Series all = first;
  all.name = all.group = all.label = "all runs";
  all.color = 0;
  all.quiet = false;
  return {std::move(all)};
}

/// Loss, score and rate of the segmentation runs or of the pre-trainings.
std::string Plots(const ExperimentResult& result, bool classification) {
  const std::string score = classification ? "pixel_acc" : "mean_iou";
  std::vector<Series> losses, scores, rates;
  const ShownRows shown(
      result, classification ? ShownRows::Drawn::kPreTrainings : ShownRows::Drawn::kTrainings);
  std::set<std::string> drawn;  // a run has one curve, however often it is scored
  size_t most_evaluations = 0;
  for (const RunResult& run : result.runs) {
    if (IsPreTraining(run) != classification || !drawn.insert(run.folder).second) continue;
    const RunLog log = ReadRunLog(run.folder, score);
    const Series look =
        shown.SeriesOf(WithoutEvaluation(run.name, run), WithoutEvaluation(run.group, run));
    const auto add = [&look](std::vector<Series>& to, const std::vector<double>& x,
                             const std::vector<double>& y) {
      to.push_back(look);
      to.back().x = x;
      to.back().y = y;
    };
    add(losses, log.iterations, log.losses);
    add(scores, log.eval_iterations, log.eval_scores);
    add(rates, log.iterations, log.rates);
    most_evaluations = std::max(most_evaluations, log.eval_iterations.size());
  }
  const std::string kind = classification ? "Pre-training: " : "";
  std::string html = PlotHtml(losses, {.title = kind + "training loss",
                                       .x_label = "iteration",
                                       .y_label = "loss",
                                       .smooth = true,
                                       .may_log = true});
  if (most_evaluations > 1) {  // single points are in the table
    const std::string title = ColumnTitle(score, classification);
    html += PlotHtml(scores, {.title = kind + title + " on the validation images",
                              .x_label = "iteration",
                              .y_label = title + ", %"});
  }
  return html +
         PlotHtml(
             OneOfEqual(std::move(rates)),
             {.title = kind + "rate", .x_label = "iteration", .y_label = "rate", .points = false});
}

}  // namespace

std::string CurvesSection(const ExperimentResult& result) {
  const std::string plots = Plots(result, false) + ImageScoresPlot(result) + Plots(result, true);
  if (plots.empty()) return "";
  return "<section id=\"curves\">\n<h2>Curves</h2>\n<div class=\"plots\">\n" + plots +
         "</div>\n</section>\n";
}

}  // namespace seglab
