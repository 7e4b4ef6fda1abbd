#include "report/table_cells.h"

#include "base/format.h"
#include "report/costs.h"

namespace seglab {

Cells RowCells(const Table& table, const TableRow& row) {
  Cells cells = {row.group};
  if (table.has_spread) cells.push_back(std::to_string(row.runs));
  for (size_t c = 0; c < table.columns.size(); ++c) {
    cells.push_back(FormatSpread(row.ours[c]));
    if (table.HasPaper(c)) cells.push_back(FormatPercent(row.paper[c]));
  }
  if (table.has_baseline) cells.push_back(FormatDifference(row.difference));
  for (size_t cost : table.costs) cells.push_back(CostRows()[cost].text(row.costs[cost]));
  return cells;
}

void AddCostTitles(const Table& table, Cells& head) {
  if (table.has_baseline) head.push_back("Δ");
  for (size_t cost : table.costs) head.push_back(CostRows()[cost].title);
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
