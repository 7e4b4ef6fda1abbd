#include "report/table_csv.h"

#include <algorithm>
#include <cmath>

#include "base/names.h"
#include "report/costs.h"
#include "report/csv.h"
#include "report/table_cells.h"

namespace seglab {
namespace {

/// Counts with all their digits; "inf" of a field that is the whole image.
std::string CostNumber(double cost) {
  constexpr double kAllDigits = 9e15;
  if (std::isinf(cost)) return "inf";
  const bool is_count = std::floor(cost) == cost && std::abs(cost) < kAllDigits;
  return is_count ? std::to_string(std::llround(cost)) : CsvNumber(cost);
}

}  // namespace

std::string TableCsv(const ExperimentResult& result) {
  const Table segmentation = MakeTable(result, false);
  const Table pre_training = MakeTable(result, true);
  Cells columns = segmentation.columns;
  for (const std::string& column : pre_training.columns) {
    const bool known = std::find(columns.begin(), columns.end(), column) != columns.end();
    if (!pre_training.rows.empty() && !known) columns.push_back(column);
  }
  const auto has_paper = [&segmentation](size_t column) {
    return column < segmentation.listed || column >= segmentation.columns.size();
  };
  Cells head = {"group", "task", "runs"};
  for (size_t i = 0; i < columns.size(); ++i) {
    for (const char* kind : {"", "_std"}) head.push_back(QuoteCsv(columns[i] + kind));
    if (has_paper(i)) head.push_back(QuoteCsv(columns[i] + "_paper"));
  }
  if (segmentation.has_baseline) head.push_back("mean_iou_less_baseline");
  for (size_t cost : segmentation.costs) head.push_back(CostRows()[cost].name);
  std::string text = Join(head, ",") + "\n";

  for (const Table* table : {&segmentation, &pre_training}) {
    for (const TableRow& row : table->rows) {
      Cells cells = {QuoteCsv(row.group),
                     table == &pre_training ? "classification" : "segmentation",
                     std::to_string(row.runs)};
      for (size_t i = 0; i < columns.size(); ++i) {
        const auto at = std::find(table->columns.begin(), table->columns.end(), columns[i]);
        const size_t c = static_cast<size_t>(at - table->columns.begin());
        const bool has = at != table->columns.end();
        cells.push_back(has ? CsvNumber(row.ours[c].mean) : "");
        cells.push_back(has ? CsvNumber(row.ours[c].deviation) : "");
        if (has_paper(i)) cells.push_back(has ? CsvNumber(row.paper[c]) : "");
      }
      if (segmentation.has_baseline)
        cells.push_back(table == &segmentation ? CsvNumber(row.difference) : "");
      for (size_t cost : segmentation.costs) cells.push_back(CostNumber(row.costs[cost]));
      text += Join(cells, ",") + "\n";
    }
  }
  return text;
}

}  // namespace seglab
