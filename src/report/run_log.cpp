#include "report/run_log.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <sstream>
#include <utility>

#include "base/files.h"
#include "base/json.h"
#include "report/columns.h"

namespace seglab {
namespace {

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<int64_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

RunLog ReadRunLog(const std::string& run_folder, const std::string& score) {
  RunLog log;
  const std::string path = JoinPath(run_folder, "metrics.jsonl");
  if (!FileExists(path)) return log;
  std::vector<double> speeds;
  std::istringstream lines(ReadFile(path));
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    const double iteration = MetricValue(json, "iteration");
    if (!std::isfinite(iteration)) continue;
    if (json.contains("loss")) {
      log.iterations.push_back(iteration);
      log.losses.push_back(MetricValue(json, "loss"));
      log.rates.push_back(MetricValue(json, "lr"));
    }
    if (json.contains(score)) {
      log.eval_iterations.push_back(iteration);
      log.eval_scores.push_back(100 * MetricValue(json, score));
    }
    const double speed = MetricValue(json, "images_per_second");
    if (std::isfinite(speed)) speeds.push_back(speed);
  }
  log.images_per_second = Median(std::move(speeds));
  return log;
}

}  // namespace seglab
