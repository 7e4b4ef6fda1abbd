#include "report/table_markdown.h"

#include <string_view>

#include "base/names.h"
#include "report/columns.h"
#include "report/table_cells.h"

namespace seglab {
namespace {

std::string EscapeMarkdown(const std::string& text) {
  std::string out;
  for (char c : OneLine(text)) {
    if (std::string_view("\\|*`<[").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string MarkdownOf(const Table& table, bool classification) {
  Cells head = {""};
  if (table.has_spread) head.push_back("n");
  for (size_t c = 0; c < table.columns.size(); ++c) {
    head.push_back(ColumnTitle(table.columns[c], classification));
    if (table.HasPaper(c)) head.push_back("paper");
  }
  AddCostTitles(table, head);

  const auto line = [](const Cells& cells) {
    std::string text = "|";
    for (const std::string& cell : cells) text += " " + EscapeMarkdown(cell) + " |";
    return text + "\n";
  };
  std::string text = line(head) + "|:--|";
  for (size_t i = 1; i < head.size(); ++i) text += "--:|";
  text += "\n";
  for (const TableRow& row : table.rows) text += line(RowCells(table, row));
  if (!table.notes.empty()) text += "\n" + Join(table.notes, " ") + "\n";
  return text;
}

}  // namespace

std::string TableMarkdown(const ExperimentResult& result) {
  std::string text = "# " + EscapeMarkdown(TitleOf(result)) + "\n\n";
  if (!result.description.empty()) text += result.description + "\n\n";
  const std::string tables = BothTables(result, "\n## Pre-training\n\n", MarkdownOf);
  text += tables.empty() ? "No run is finished.\n" : tables;
  if (!result.paper_ref.empty()) text += "\nPaper: " + EscapeMarkdown(result.paper_ref) + ".\n";
  if (!result.command.empty()) text += "\nMade with\n\n    " + OneLine(result.command) + "\n";
  std::string environment;
  for (const auto& [key, value] : EnvironmentTexts(result.environment)) {
    environment += "- " + EscapeMarkdown(key) + ": " + EscapeMarkdown(value) + "\n";
  }
  return environment.empty() ? text : text + "\n" + environment;
}

}  // namespace seglab
