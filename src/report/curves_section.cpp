#include "report/curves_section.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "report/curves.h"
#include "report/run_log.h"
#include "report/table.h"

namespace seglab {
namespace {

/// Loss and score of the segmentation runs or of the pre-trainings.
std::string Plots(const ExperimentResult& result, bool classification) {
  const std::string score = classification ? "pixel_acc" : "mean_iou";
  std::vector<Series> losses, scores;
  std::map<std::string, int> colors;
  std::set<std::string> drawn;  // a run has one curve, however often it is scored
  size_t most_evaluations = 0;
  for (const RunResult& run : result.runs) {
    if (IsPreTraining(run) != classification || !drawn.insert(run.folder).second) continue;
    const std::string name = WithoutEvaluation(run.name, run),
                      group = WithoutEvaluation(run.group, run);
    const int color = colors.emplace(group, static_cast<int>(colors.size())).first->second;
    const RunLog log = ReadRunLog(run.folder, score);
    losses.push_back({name, group, color, log.iterations, log.losses});
    scores.push_back({name, group, color, log.eval_iterations, log.eval_scores});
    most_evaluations = std::max(most_evaluations, log.eval_iterations.size());
  }
  const std::string kind = classification ? "Pre-training: " : "";
  std::string html = PlotHtml(losses, {.title = kind + "training loss",
                                       .x_label = "iteration",
                                       .y_label = "loss",
                                       .smooth = true,
                                       .may_log = true});
  if (most_evaluations < 2) return html;  // single points are in the table
  const std::string title = ColumnTitle(score, classification);
  return html + PlotHtml(scores, {.title = kind + title + " on the validation images",
                                  .x_label = "iteration",
                                  .y_label = title + ", %"});
}

}  // namespace

std::string CurvesSection(const ExperimentResult& result) {
  const std::string plots = Plots(result, false) + Plots(result, true);
  if (plots.empty()) return "";
  return "<section id=\"curves\">\n<h2>Curves</h2>\n<div class=\"plots\">\n" + plots +
         "</div>\n</section>\n";
}

}  // namespace seglab
