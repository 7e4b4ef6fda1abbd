#include "report/costs.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/format.h"

namespace seglab {
namespace {

/// Networks within this factor are of one size: an FCN-8s has a few more weights than an FCN-32s.
constexpr double kOneSize = 1.1;

/// Of runs on one machine image times are no cost of the network alone, and MACs and fields are of
/// interest where networks are: they are asked for.
std::vector<std::string> UsualCosts() { return {"train_seconds", "total_seconds", "parameters"}; }

double MacsOf(const RunResult& run) {
  return run.macs > 0 ? static_cast<double>(run.macs) : std::numeric_limits<double>::quiet_NaN();
}

/// Loading and scoring an image.
double ImageSeconds(const RunResult& run) {
  const Json images = run.metrics.is_object() ? run.metrics.value("images", Json()) : Json();
  if (!images.is_number() || images.get<double>() <= 0 || run.eval_seconds <= 0)
    return std::numeric_limits<double>::quiet_NaN();
  return run.eval_seconds / images.get<double>();
}

std::string CountText(double count) {
  return std::isfinite(count) ? FormatCount(std::llround(count)) : "-";
}

std::string FieldText(double pixels) {
  if (std::isinf(pixels)) return "whole image";
  return std::isfinite(pixels) ? std::to_string(std::llround(pixels)) : "-";
}

std::string ImageSecondsText(double seconds) {
  return std::isfinite(seconds) ? Significant(seconds, 2) : "-";
}

}  // namespace

const std::vector<CostRow>& CostRows() {
  static const std::vector<CostRow> rows = {
      {"parameters", "parameters", true,
       [](const RunResult& run) { return static_cast<double>(run.parameters); }, CountText, "",
       CostPlot{.title = "parameters", .axis = "parameters", .unit = " parameters", .log_x = true}},
      {"macs", "MACs", false, MacsOf, CountText,
       "MACs: multiply-adds of one pass over the first validation image.",
       CostPlot{.title = "MACs", .axis = "MACs", .unit = " MACs", .log_x = true}},
      {"receptive_field", "receptive field", false,
       [](const RunResult& run) { return run.receptive_field; }, FieldText,
       "Receptive field: of the deepest map, pixels.", std::nullopt},
      {"train_seconds", "training", true, [](const RunResult& run) { return run.train_seconds; },
       FormatDuration, "",
       CostPlot{.title = "training time", .axis = "training", .unit = "", .is_time = true}},
      {"total_seconds", "in all", false, [](const RunResult& run) { return run.total_seconds; },
       FormatDuration, "In all: training with that of the runs that the weights come from.",
       CostPlot{
           .title = "all training time", .axis = "training in all", .unit = "", .is_time = true}},
      {"image_seconds", "s an image", false, ImageSeconds, ImageSecondsText, "",
       CostPlot{.title = "time of an image",
                .axis = "evaluation of an image, seconds",
                .unit = " s an image",
                .log_x = true}},
  };
  return rows;
}

const std::vector<std::string>& CostNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const CostRow& row : CostRows()) all.push_back(row.name);
    return all;
  }();
  return names;
}

size_t CostIndex(const std::string& name) {
  const std::vector<std::string>& names = CostNames();
  return static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

std::vector<std::string> ComparedCosts(const ExperimentResult& result) {
  double least = 0, most = 0;
  bool has_total = false;
  for (const RunResult& run : result.runs) {
    if (IsPreTraining(run)) continue;
    const auto parameters = static_cast<double>(run.parameters);
    least = least == 0 ? parameters : std::min(least, parameters);
    most = std::max(most, parameters);
    has_total = has_total || run.total_seconds > run.train_seconds;
  }
  const bool differ = least > 0 && most > kOneSize * least;
  std::vector<std::string> costs =
      result.compare.value_or(differ ? UsualCosts() : std::vector<std::string>());
  const auto says_nothing = [has_total](const std::string& cost) {
    // A result.json of a later release may compare by what is not known here.
    return CostIndex(cost) == CostRows().size() || (cost == "total_seconds" && !has_total);
  };
  costs.erase(std::remove_if(costs.begin(), costs.end(), says_nothing), costs.end());
  return costs;
}

}  // namespace seglab
