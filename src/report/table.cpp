#include "report/table.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/names.h"
#include "report/columns.h"
#include "report/confusion.h"
#include "report/costs.h"

namespace seglab {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Spread MakeSpread(const std::vector<double>& values) {
  double sum = 0;
  for (double value : values) sum += value;
  const double n = static_cast<double>(values.size());
  const double mean = values.empty() ? kNan : sum / n;
  if (values.size() < 2) return {mean, kNan};
  double squares = 0;
  for (double value : values) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / (n - 1))};
}

/// The distinct values of metrics[key] in the order of the runs.
std::vector<std::string> Distinct(const std::vector<const RunResult*>& runs,
                                  const std::string& key) {
  std::vector<std::string> values;
  for (const RunResult* run : runs) {
    if (!run->metrics.is_object() || !run->metrics.contains(key)) continue;
    const Json& value = run->metrics[key];
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (std::find(values.begin(), values.end(), text) == values.end()) values.push_back(text);
  }
  return values;
}

std::string PolicyText(const std::string& policy) {
  if (policy == "union") return "a class with neither true nor predicted pixels is left out";
  if (policy == "truth") return "a class without true pixels is left out";
  if (policy == "one") return "a class without a score counts as 1";
  if (policy == "zero") return "a class without a score counts as 0";
  if (policy == "nan") return "a class without a score makes the mean undefined";
  return "";
}

/// The class that is said of every pixel; -1 where there are several.
int OnlyClassSaid(const Json& metrics) {
  int only = -1;
  const Confusion confusion = ConfusionOf(metrics);
  for (size_t said = 0; said < confusion.size(); ++said) {
    int64_t pixels = 0;
    for (const std::vector<int64_t>& truth : confusion) pixels += truth[said];
    if (pixels == 0) continue;
    if (only >= 0) return -1;
    only = static_cast<int>(said);
  }
  return confusion.size() < 2 ? -1 : only;
}

/// "A, B say class 0 of every pixel."
void AddNoteOfOneClass(const std::vector<const RunResult*>& runs, std::vector<std::string>& notes) {
  std::map<int, std::vector<std::string>> found;
  for (const RunResult* run : runs) {
    const int only = OnlyClassSaid(run->metrics);
    if (only >= 0) found[only].push_back(run->name);
  }
  for (const auto& [only, names] : found) {
    constexpr size_t kShown = 8;
    std::vector<std::string> shown(names.begin(), names.begin() + std::min(names.size(), kShown));
    std::string text = Join(shown);
    if (names.size() > kShown) text += StrCat(" and ", names.size() - kShown, " more");
    notes.push_back(
        StrCat(text, names.size() == 1 ? " says" : " say", " class ", only, " of every pixel."));
  }
}

/// With what the scores were made that an evaluation is told to make.
void AddNotesOfExtras(const std::vector<const RunResult*>& runs, std::vector<std::string>& notes) {
  const auto add = [](std::vector<std::string>& texts, const std::string& text) {
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
  };
  std::vector<std::string> tolerances, objects;
  for (const RunResult* run : runs) {
    if (!run->metrics.is_object()) continue;
    const double tolerance = MetricValue(run->metrics.value("boundary_f1", Json()), "tolerance");
    if (std::isfinite(tolerance)) add(tolerances, Significant(100 * tolerance, 3));
    const Json rand = run->metrics.value("rand", Json());
    if (!rand.is_object()) continue;
    const Json of = rand.value("object_class", Json());
    if (!of.is_null()) add(objects, of.is_string() ? of.get<std::string>() : of.dump());
  }
  if (!tolerances.empty())
    notes.push_back("Boundary F1 within " + Join(tolerances, " or ") + " % of the diagonal.");
  if (!objects.empty())
    notes.push_back("Rand errors: objects of class " + Join(objects, " or ") +
                    "; lower is better.");
}

/// Sets how far each row's mean IU lies above the baseline's. @return false where nothing is named
bool AddDifferences(const std::string& baseline, Table& table) {
  const auto column = std::find(table.columns.begin(), table.columns.end(), "mean_iou");
  const auto named = std::find_if(table.rows.begin(), table.rows.end(),
                                  [&](const TableRow& row) { return row.group == baseline; });
  if (column == table.columns.end() || named == table.rows.end() || table.rows.size() < 2)
    return false;
  const auto c = static_cast<size_t>(column - table.columns.begin());
  const double level = named->ours[c].mean;
  named->is_baseline = true;
  for (TableRow& row : table.rows)
    row.difference = &row == &*named ? kNan : row.ours[c].mean - level;
  return true;
}

std::vector<std::string> MakeNotes(const std::vector<const RunResult*>& runs, const Table& table,
                                   const std::string& baseline, bool classification) {
  std::vector<std::string> notes;
  std::string measured = "Percent";
  if (const auto images = Distinct(runs, "images"); !images.empty()) {
    measured += ", measured on " + Join(images, " or ") + " images";
  }
  notes.push_back(measured + ".");
  for (const std::string& policy :
       classification ? std::vector<std::string>{} : Distinct(runs, "absent_policy")) {
    const std::string text = PolicyText(policy);
    notes.push_back("Means over classes: policy \"" + policy + "\"" +
                    (text.empty() ? "." : ", " + text + "."));
  }
  AddNotesOfExtras(runs, notes);
  AddNoteOfOneClass(runs, notes);
  if (table.has_baseline) notes.push_back("Δ: mean IU less that of " + baseline + ".");
  for (size_t cost : table.costs) {
    if (!CostRows()[cost].note.empty()) notes.push_back(CostRows()[cost].note);
  }
  if (table.has_spread) {
    notes.push_back("Mean ± sample standard deviation over n runs that differ in the seed.");
  }
  return notes;
}

/// The experiment's columns, and behind them the other scores that its runs have.
std::vector<std::string> ColumnsOf(const ExperimentResult& result) {
  std::vector<std::string> columns = result.columns;
  for (const ColumnRow& row : ColumnRows()) {
    const bool made =
        std::any_of(result.runs.begin(), result.runs.end(), [&row](const RunResult& run) {
          return !IsPreTraining(run) && HoldsExtra(run.metrics, row);
        });
    if (made && std::find(columns.begin(), columns.end(), row.name) == columns.end())
      columns.push_back(row.name);
  }
  return columns;
}

/// The costs with a column: of pre-trainings those that always have one.
std::vector<size_t> CostsOf(const ExperimentResult& result, bool classification) {
  const std::vector<std::string> compared = ComparedCosts(result);
  std::vector<size_t> costs;
  for (size_t i = 0; i < CostRows().size(); ++i) {
    const CostRow& row = CostRows()[i];
    const bool is_compared =
        std::find(compared.begin(), compared.end(), row.name) != compared.end();
    if (row.always || (is_compared && !classification)) costs.push_back(i);
  }
  return costs;
}

}  // namespace

std::vector<std::string> UnfinishedNotes(const ExperimentResult& result) {
  std::vector<std::string> notes;
  int waiting = 0;
  for (const UnfinishedRun& run : result.unfinished) {
    if (run.state == UnfinishedRun::State::kWaiting) {
      ++waiting;
    } else {
      notes.push_back(StateName(run) + ": " + run.name + ": " + run.reason);
    }
  }
  if (waiting > 0) {
    std::set<std::string> folders;
    for (const RunResult& run : result.runs) folders.insert(run.folder);
    notes.push_back(StrCat(folders.size(), " of ", folders.size() + result.unfinished.size(),
                           " runs are finished, ", waiting, " to come"));
  }
  return notes;
}

std::string FormatSpread(const Spread& spread) {
  if (!std::isfinite(spread.mean) || !std::isfinite(spread.deviation)) {
    return FormatPercent(spread.mean);
  }
  return FormatPercent(spread.mean) + " ± " + FormatPercent(spread.deviation);
}

std::string FormatDifference(double points) {
  const std::string text = FormatPercent(points);
  return std::isfinite(points) && text[0] != '-' ? "+" + text : text;
}

std::vector<std::pair<std::string, std::string>> EnvironmentTexts(const Json& environment) {
  std::vector<std::pair<std::string, std::string>> texts;
  if (!environment.is_object()) return texts;
  for (const auto& [key, value] : environment.items()) {
    texts.emplace_back(key, value.is_string()
                                ? value.get<std::string>()
                                : value.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  return texts;
}

Table MakeTable(const ExperimentResult& result, bool classification) {
  Table table;
  table.columns =
      classification ? std::vector<std::string>{"pixel_acc", "mean_acc"} : ColumnsOf(result);
  const size_t columns = table.columns.size();
  table.listed = classification ? columns : result.columns.size();
  table.costs = CostsOf(result, classification);

  std::vector<const RunResult*> runs;
  std::vector<std::string> groups;
  for (const RunResult& run : result.runs) {
    if (IsPreTraining(run) != classification) continue;
    runs.push_back(&run);
    if (std::find(groups.begin(), groups.end(), run.group) == groups.end()) {
      groups.push_back(run.group);
    }
  }

  for (const std::string& group : groups) {
    TableRow row;
    row.group = group;
    row.ours.resize(columns);
    row.paper.assign(columns, kNan);
    row.costs.assign(CostRows().size(), 0);
    std::vector<std::vector<double>> values(columns);
    for (const RunResult* run : runs) {
      if (run->group != group) continue;
      ++row.runs;
      row.run_group = WithoutEvaluation(group, *run);
      row.evaluation = run->evaluation;
      row.factors = run->factors;
      for (size_t i = 0; i < row.costs.size(); ++i) row.costs[i] += CostRows()[i].value(*run);
      for (size_t c = 0; c < columns; ++c) {
        values[c].push_back(100 * ScoreValue(run->metrics, table.columns[c]));
        // The paper's figures follow the experiment's columns, also in the table of pre-trainings.
        const auto at = std::find(result.columns.begin(), result.columns.end(), table.columns[c]);
        const size_t index = static_cast<size_t>(at - result.columns.begin());
        if (at != result.columns.end() && index < run->paper.size() &&
            std::isfinite(run->paper[index])) {
          row.paper[c] = run->paper[index];
          table.has_paper = true;
        }
      }
    }
    for (double& cost : row.costs) cost /= row.runs;
    for (size_t c = 0; c < columns; ++c) row.ours[c] = MakeSpread(values[c]);
    table.has_spread = table.has_spread || row.runs > 1;
    table.rows.push_back(std::move(row));
  }
  table.has_baseline = !classification && AddDifferences(result.baseline, table);
  if (!table.rows.empty()) table.notes = MakeNotes(runs, table, result.baseline, classification);
  return table;
}

}  // namespace seglab
