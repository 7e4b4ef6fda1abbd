#include "report/table_csv.h"

#include <algorithm>

#include "base/names.h"
#include "report/csv.h"
#include "report/table_cells.h"

namespace seglab {

std::string TableCsv(const ExperimentResult& result) {
  const Table segmentation = MakeTable(result, false);
  const Table pre_training = MakeTable(result, true);
  Cells columns = result.columns;
  for (const std::string& column : pre_training.columns) {
    const bool known = std::find(columns.begin(), columns.end(), column) != columns.end();
    if (!pre_training.rows.empty() && !known) columns.push_back(column);
  }
  Cells head = {"group", "task", "runs"};
  for (const std::string& column : columns) {
    for (const char* kind : {"", "_std", "_paper"}) head.push_back(QuoteCsv(column + kind));
  }
  if (segmentation.has_baseline) head.push_back("mean_iou_less_baseline");
  head.push_back("parameters");
  head.push_back("train_seconds");
  if (segmentation.has_total) head.push_back("total_seconds");
  if (segmentation.has_image) head.push_back("image_seconds");
  std::string text = Join(head, ",") + "\n";

  for (const Table* table : {&segmentation, &pre_training}) {
    for (const TableRow& row : table->rows) {
      Cells cells = {QuoteCsv(row.group),
                     table == &pre_training ? "classification" : "segmentation",
                     std::to_string(row.runs)};
      for (const std::string& column : columns) {
        const auto at = std::find(table->columns.begin(), table->columns.end(), column);
        const size_t c = static_cast<size_t>(at - table->columns.begin());
        const bool has = at != table->columns.end();
        cells.push_back(has ? CsvNumber(row.ours[c].mean) : "");
        cells.push_back(has ? CsvNumber(row.ours[c].deviation) : "");
        cells.push_back(has ? CsvNumber(row.paper[c]) : "");
      }
      if (segmentation.has_baseline)
        cells.push_back(table == &segmentation ? CsvNumber(row.difference) : "");
      cells.push_back(std::to_string(row.parameters));
      cells.push_back(CsvNumber(row.train_seconds));
      if (segmentation.has_total) cells.push_back(CsvNumber(row.total_seconds));
      if (segmentation.has_image) cells.push_back(CsvNumber(row.image_seconds));
      text += Join(cells, ",") + "\n";
    }
  }
  return text;
}

}  // namespace seglab
