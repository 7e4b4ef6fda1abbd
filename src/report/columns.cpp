#include "report/columns.h"

#include <algorithm>
#include <limits>

namespace seglab {

const std::vector<ColumnRow>& ColumnRows() {
  static const std::vector<ColumnRow> rows = {
      {"pixel_acc", "pixel acc.", "", "pixel_acc", false},
      {"mean_acc", "mean acc.", "", "mean_acc", false},
      {"mean_iou", "mean IU", "", "mean_iou", false},
      {"fw_iou", "f.w. IU", "", "fw_iou", false},
      {"mean_dice", "mean Dice", "", "mean_dice", false},
      {"boundary_f1", "boundary F1", "boundary_f1", "mean", false},
      {"rand_error", "rand error", "rand", "rand_error", true},
      {"rand_error_thin", "rand error, thin", "rand", "rand_error_thin", true},
  };
  return rows;
}

const std::vector<std::string>& ColumnNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const ColumnRow& row : ColumnRows()) all.push_back(row.name);
    return all;
  }();
  return names;
}

const ColumnRow* FindColumn(const std::string& name) {
  const std::vector<ColumnRow>& rows = ColumnRows();
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&name](const ColumnRow& row) { return row.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

std::string ColumnTitle(const std::string& column, bool classification) {
  if (column == "pixel_acc" && classification) return "top-1 acc.";
  if (const ColumnRow* row = FindColumn(column)) return row->title;
  std::string title = column;
  std::replace(title.begin(), title.end(), '_', ' ');
  return title;
}

bool IsCounted(const std::string& column) {
  const ColumnRow* row = FindColumn(column);
  return row != nullptr && row->part.empty();
}

bool HoldsExtra(const Json& metrics, const ColumnRow& column) {
  if (column.part.empty() || !metrics.is_object()) return false;
  const auto part = metrics.find(column.part);
  return part != metrics.end() && part->is_object() && part->contains(column.key);
}

double ScoreValue(const Json& metrics, const std::string& column) {
  const ColumnRow* row = FindColumn(column);
  if (row == nullptr || row->part.empty()) return MetricValue(metrics, column);
  return HoldsExtra(metrics, *row) ? MetricValue(metrics[row->part], row->key)
                                   : std::numeric_limits<double>::quiet_NaN();
}

double MetricValue(const Json& metrics, const std::string& key) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  if (!metrics.is_object()) return kNan;
  const auto found = metrics.find(key);
  return found != metrics.end() && found->is_number() ? found->get<double>() : kNan;
}

}  // namespace seglab
