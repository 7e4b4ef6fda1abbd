#include "report/table_text.h"

#include <algorithm>

#include "base/format.h"
#include "report/columns.h"
#include "report/table_cells.h"

namespace seglab {
namespace {

std::string Centered(const std::string& text, size_t width) {
  const size_t room = width - std::min(width, TextWidth(text));
  return std::string((room + 1) / 2, ' ') + text + std::string(room / 2, ' ');
}

std::string TextOf(const Table& table, bool classification) {
  constexpr size_t kGap = 2;
  // With the paper's figures a metric's title stands above its two columns.
  Cells head = {""};
  if (table.has_spread) head.push_back("n");
  const size_t first_metric = head.size();
  for (size_t c = 0; c < table.columns.size(); ++c) {
    head.push_back(table.HasPaper(c) ? "ours" : ColumnTitle(table.columns[c], classification));
    if (table.HasPaper(c)) head.push_back("paper");
  }
  AddCostTitles(table, head);

  std::vector<Cells> rows;
  for (const TableRow& row : table.rows) rows.push_back(RowCells(table, row));
  std::vector<size_t> widths;
  for (size_t i = 0; i < head.size(); ++i) {
    widths.push_back(TextWidth(head[i]));
    for (const Cells& row : rows) widths[i] = std::max(widths[i], TextWidth(row[i]));
  }

  std::string text;
  const auto add_line = [&text](std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  if (table.has_paper) {
    std::string titles(widths[0], ' ');
    if (table.has_spread) titles += std::string(kGap + widths[1], ' ');
    for (size_t c = 0; c < table.listed; ++c) {
      const std::string title = ColumnTitle(table.columns[c], classification);
      size_t& ours = widths[first_metric + 2 * c];
      const size_t paper = widths[first_metric + 2 * c + 1];
      if (TextWidth(title) > ours + kGap + paper) ours = TextWidth(title) - kGap - paper;
      titles += std::string(kGap, ' ') + Centered(title, ours + kGap + paper);
    }
    add_line(titles);
  }
  const auto add_row = [&](const Cells& cells) {
    std::string line = PadRight(cells[0], widths[0]);
    for (size_t i = 1; i < cells.size(); ++i) {
      line += std::string(kGap, ' ') + PadLeft(cells[i], widths[i]);
    }
    add_line(line);
  };
  add_row(head);
  size_t whole = widths[0];
  for (size_t i = 1; i < widths.size(); ++i) whole += kGap + widths[i];
  add_line(std::string(whole, '-'));
  for (const Cells& row : rows) add_row(row);
  add_line(std::string(whole, '-'));
  for (const std::string& note : table.notes) add_line(note);
  return text;
}

}  // namespace

std::string TableText(const ExperimentResult& result) {
  std::string text = TitleOf(result) + "\n";
  if (!result.paper_ref.empty()) text += "paper: " + result.paper_ref + "\n";
  const std::string tables = BothTables(result, "\nPre-training\n\n", TextOf);
  text += "\n" + (tables.empty() ? "no run is finished\n" : tables);
  for (const std::string& note : UnfinishedNotes(result)) text += note + "\n";
  return text;
}

}  // namespace seglab
