#include "report/table_files.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "report/table.h"

namespace seglab {
namespace {

using Cells = std::vector<std::string>;

/// The cells of a row as all texts show them: group, [n], per column ours and [paper], parameters,
/// training time, [training time in all].
Cells RowCells(const Table& table, const TableRow& row) {
  Cells cells = {row.group};
  if (table.has_spread) cells.push_back(std::to_string(row.runs));
  for (size_t c = 0; c < table.columns.size(); ++c) {
    cells.push_back(FormatSpread(row.ours[c]));
    if (table.has_paper) cells.push_back(FormatPercent(row.paper[c]));
  }
  cells.push_back(FormatCount(row.parameters));
  cells.push_back(FormatTime(row.train_seconds));
  if (table.has_total) cells.push_back(FormatTime(row.total_seconds));
  return cells;
}

/// The titles of the last cells of a row.
void AddCostTitles(const Table& table, Cells& head) {
  head.push_back("parameters");
  head.push_back("training");
  if (table.has_total) head.push_back("in all");
}

/// Columns on the terminal, counted in code points: each of ours is one column wide.
size_t Width(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string PadLeft(const std::string& text, size_t width) {
  return std::string(width - std::min(width, Width(text)), ' ') + text;
}

std::string PadRight(const std::string& text, size_t width) {
  return text + std::string(width - std::min(width, Width(text)), ' ');
}

std::string Centered(const std::string& text, size_t width) {
  const size_t room = width - std::min(width, Width(text));
  return std::string((room + 1) / 2, ' ') + text + std::string(room / 2, ' ');
}

std::string TextOf(const Table& table, bool classification) {
  constexpr size_t kGap = 2;
  // With the paper's figures a metric's title stands above its two columns.
  Cells head = {""};
  if (table.has_spread) head.push_back("n");
  const size_t first_metric = head.size();
  for (const std::string& column : table.columns) {
    head.push_back(table.has_paper ? "ours" : ColumnTitle(column, classification));
    if (table.has_paper) head.push_back("paper");
  }
  AddCostTitles(table, head);

  std::vector<Cells> rows;
  for (const TableRow& row : table.rows) rows.push_back(RowCells(table, row));
  std::vector<size_t> widths;
  for (size_t i = 0; i < head.size(); ++i) {
    widths.push_back(Width(head[i]));
    for (const Cells& row : rows) widths[i] = std::max(widths[i], Width(row[i]));
  }

  std::string text;
  const auto add_line = [&text](std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  if (table.has_paper) {
    std::string titles(widths[0], ' ');
    if (table.has_spread) titles += std::string(kGap + widths[1], ' ');
    for (size_t c = 0; c < table.columns.size(); ++c) {
      const std::string title = ColumnTitle(table.columns[c], classification);
      size_t& ours = widths[first_metric + 2 * c];
      const size_t paper = widths[first_metric + 2 * c + 1];
      if (Width(title) > ours + kGap + paper) ours = Width(title) - kGap - paper;
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

std::string OneLine(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  return text;
}

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
  for (const std::string& column : table.columns) {
    head.push_back(ColumnTitle(column, classification));
    if (table.has_paper) head.push_back("paper");
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

std::string QuoteCsv(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string CsvNumber(double value) {
  if (!std::isfinite(value)) return "";
  char text[64];
  std::snprintf(text, sizeof(text), "%.10g", value);
  return text;
}

std::string EscapeLatex(const std::string& text) {
  std::string out;
  for (char c : OneLine(text)) {
    switch (c) {
      case '\\':
        out += "\\textbackslash{}";
        break;
      case '~':
        out += "\\textasciitilde{}";
        break;
      case '^':
        out += "\\textasciicircum{}";
        break;
      case '<':
        out += "\\textless{}";
        break;
      case '>':
        out += "\\textgreater{}";
        break;
      case '&':
      case '%':
      case '$':
      case '#':
      case '_':
      case '{':
      case '}':
        out += '\\';
        [[fallthrough]];
      default:
        out += c;
    }
  }
  // Fonts without the sign have it in mathematics.
  for (size_t at = 0; (at = out.find("±", at)) != std::string::npos; at += 5) {
    out.replace(at, std::string_view("±").size(), "$\\pm$");
  }
  return out;
}

std::string LatexOf(const Table& table, bool classification) {
  const std::string spread = table.has_spread ? "r" : "";
  const size_t metrics = table.columns.size() * (table.has_paper ? 2 : 1);
  const size_t costs = table.has_total ? 3 : 2;
  std::string text =
      "\\begin{tabular}{l" + spread + std::string(metrics + costs, 'r') + "}\n\\toprule\n";
  if (table.has_paper) {
    std::string rules;
    int at = table.has_spread ? 3 : 2;  // LaTeX counts columns from 1
    if (table.has_spread) text += " & ";
    for (const std::string& column : table.columns) {
      text += " & \\multicolumn{2}{c}{" + EscapeLatex(ColumnTitle(column, classification)) + "}";
      rules += StrCat("\\cmidrule(lr){", at, "-", at + 1, "}");
      at += 2;
    }
    for (size_t i = 0; i < costs; ++i) text += " &";
    text += " \\\\\n" + rules + "\n";
  }
  if (table.has_spread) text += " & $n$";
  for (const std::string& column : table.columns) {
    text += table.has_paper ? " & ours & paper"
                            : " & " + EscapeLatex(ColumnTitle(column, classification));
  }
  Cells titles;
  AddCostTitles(table, titles);
  text += " & " + Join(titles, " & ") + " \\\\\n\\midrule\n";
  for (const TableRow& row : table.rows) {
    Cells cells = RowCells(table, row);
    for (std::string& cell : cells) cell = EscapeLatex(cell == "-" ? "--" : cell);
    text += Join(cells, " & ") + " \\\\\n";
  }
  return text + "\\bottomrule\n\\end{tabular}\n";
}

const std::string& TitleOf(const ExperimentResult& result) {
  return result.title.empty() ? result.name : result.title;
}

/// The tables that have rows, each made by `make(table, classification)`, the second one below
/// `between`.
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

}  // namespace

std::string TableText(const ExperimentResult& result) {
  std::string text = TitleOf(result) + "\n";
  if (!result.paper_ref.empty()) text += "paper: " + result.paper_ref + "\n";
  const std::string tables = BothTables(result, "\nPre-training\n\n", TextOf);
  return text + "\n" + (tables.empty() ? "no run is finished\n" : tables);
}

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
  head.push_back("parameters");
  head.push_back("train_seconds");
  if (segmentation.has_total) head.push_back("total_seconds");
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
      cells.push_back(std::to_string(row.parameters));
      cells.push_back(CsvNumber(row.train_seconds));
      if (segmentation.has_total) cells.push_back(CsvNumber(row.total_seconds));
      text += Join(cells, ",") + "\n";
    }
  }
  return text;
}

std::string TableLatex(const ExperimentResult& result) {
  std::string notes;
  std::string tables =
      BothTables(result, "\n\\bigskip\n\n", [&notes](const Table& table, bool classification) {
        const std::string name = classification ? "Pre-training: " : "";
        notes += " " + name + Join(table.notes, " ");
        return LatexOf(table, classification);
      });
  if (tables.empty()) return "% no run is finished\n";
  const std::string paper = result.paper_ref.empty() ? "" : " Paper: " + result.paper_ref + ".";
  return "% \\usepackage{booktabs}\n\\begin{table}\n\\centering\n" + tables + "\\caption{" +
         EscapeLatex(TitleOf(result) + "." + notes + paper) + "}\n\\label{tab:" + result.name +
         "}\n\\end{table}\n";
}

}  // namespace seglab
