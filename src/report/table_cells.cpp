#include "report/table_cells.h"

#include <cmath>

#include "base/format.h"

namespace seglab {

std::string ImageSecondsText(double seconds) {
  return std::isfinite(seconds) ? Significant(seconds, 2) : "-";
}

Cells RowCells(const Table& table, const TableRow& row) {
  Cells cells = {row.group};
  if (table.has_spread) cells.push_back(std::to_string(row.runs));
  for (size_t c = 0; c < table.columns.size(); ++c) {
    cells.push_back(FormatSpread(row.ours[c]));
    if (table.has_paper) cells.push_back(FormatPercent(row.paper[c]));
  }
  if (table.has_baseline) cells.push_back(FormatDifference(row.difference));
  cells.push_back(FormatCount(row.parameters));
  cells.push_back(FormatDuration(row.train_seconds));
  if (table.has_total) cells.push_back(FormatDuration(row.total_seconds));
  if (table.has_image) cells.push_back(ImageSecondsText(row.image_seconds));
  return cells;
}

void AddCostTitles(const Table& table, Cells& head) {
  if (table.has_baseline) head.push_back("Δ");
  head.push_back("parameters");
  head.push_back("training");
  if (table.has_total) head.push_back("in all");
  if (table.has_image) head.push_back("s an image");
}

std::string OneLine(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  return text;
}

const std::string& TitleOf(const ExperimentResult& result) {
  return result.title.empty() ? result.name : result.title;
}

std::string BothTables(const ExperimentResult& result, const std::string& between,
                       const std::function<std::string(const Table&, bool)>& make) {
  std::string text;
  for (const bool classification : {false, true}) {
    const Table table = MakeTable(result, classification);
    if (table.rows.empty()) continue;
    if (classification) text += between;
    text += make(table, classification);
  }
  return text;
}

}  // namespace seglab
