#include "report/runs_section.h"

#include <set>
#include <string>

#include "base/format.h"
#include "report/html.h"
#include "report/run_log.h"

namespace seglab {
namespace {

std::string Row(const std::string& name, const std::string& value) {
  return "<div><dt>" + EscapeHtml(name) + "</dt><dd>" + EscapeHtml(value) + "</dd></div>";
}

/// The time of each evaluation of a run.
std::string EvaluationRows(const ExperimentResult& result, const RunResult& run) {
  if (run.evaluation.empty()) return Row("evaluation", FormatDuration(run.eval_seconds));
  std::string html;
  for (const RunResult& row : result.runs) {
    if (row.folder != run.folder) continue;
    html += Row("evaluation " + row.evaluation, FormatDuration(row.eval_seconds));
  }
  return html;
}

std::string RunHtml(const ExperimentResult& result, const RunResult& run) {
  const double speed = ReadRunLog(run.folder, "").images_per_second;
  std::string html =
      "<details>\n<summary>" + EscapeHtml(WithoutEvaluation(run.name, run)) + "</summary>\n<dl>";
  if (IsPreTraining(run)) html += Row("task", "pre-training");
  html += Row("seed", std::to_string(run.seed));
  html += Row("parameters", FormatCount(run.parameters));
  html += Row("iterations", std::to_string(run.iterations));
  html += Row("training", FormatDuration(run.train_seconds));
  if (speed > 0) html += Row("speed", Significant(speed, 3) + " images/s");
  html += EvaluationRows(result, run);
  html += Row("folder", run.folder) + "</dl>\n";
  if (!run.config.is_null()) {
    html += "<pre>" + EscapeHtml(run.config.dump(2, ' ', false, Json::error_handler_t::replace)) +
            "</pre>\n";
  }
  return html + "</details>\n";
}

}  // namespace

std::string RunsSection(const ExperimentResult& result) {
  if (result.runs.empty()) return "";
  std::string html = "<section id=\"runs\">\n<h2>Runs</h2>\n";
  std::set<std::string> shown;  // a run stands here once, however often it is scored
  for (const RunResult& run : result.runs) {
    if (shown.insert(run.folder).second) html += RunHtml(result, run);
  }
  return html + "</section>\n";
}

}  // namespace seglab
