#include "report/table_latex.h"

#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/names.h"
#include "report/columns.h"
#include "report/table_cells.h"

namespace seglab {
namespace {

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
  // Fonts without the signs have them in mathematics.
  for (const auto& [sign, name] : {std::pair("±", "$\\pm$"), std::pair("Δ", "$\\Delta$")}) {
    for (size_t at = 0; (at = out.find(sign, at)) != std::string::npos; at += 5)
      out.replace(at, std::string_view(sign).size(), name);
  }
  return out;
}

std::string LatexOf(const Table& table, bool classification) {
  const std::string spread = table.has_spread ? "r" : "";
  const size_t metrics = table.columns.size() + (table.has_paper ? table.listed : 0);
  Cells titles;
  AddCostTitles(table, titles);
  for (std::string& title : titles) title = EscapeLatex(title);
  const size_t costs = titles.size();
  std::string text =
      "\\begin{tabular}{l" + spread + std::string(metrics + costs, 'r') + "}\n\\toprule\n";
  if (table.has_paper) {
    std::string rules;
    int at = table.has_spread ? 3 : 2;  // LaTeX counts columns from 1
    if (table.has_spread) text += " & ";
    for (size_t c = 0; c < table.listed; ++c) {
      text += " & \\multicolumn{2}{c}{" +
              EscapeLatex(ColumnTitle(table.columns[c], classification)) + "}";
      rules += StrCat("\\cmidrule(lr){", at, "-", at + 1, "}");
      at += 2;
    }
    for (size_t i = table.listed; i < table.columns.size() + costs; ++i) text += " &";
    text += " \\\\\n" + rules + "\n";
  }
  if (table.has_spread) text += " & $n$";
  for (size_t c = 0; c < table.columns.size(); ++c) {
    text += table.HasPaper(c) ? " & ours & paper"
                              : " & " + EscapeLatex(ColumnTitle(table.columns[c], classification));
  }
  text += " & " + Join(titles, " & ") + " \\\\\n\\midrule\n";
  for (const TableRow& row : table.rows) {
    Cells cells = RowCells(table, row);
    for (std::string& cell : cells) cell = EscapeLatex(cell == "-" ? "--" : cell);
    text += Join(cells, " & ") + " \\\\\n";
  }
  return text + "\\bottomrule\n\\end{tabular}\n";
}

}  // namespace

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
