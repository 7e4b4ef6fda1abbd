#pragma once

#include <functional>
#include <string>
#include <vector>

#include "report/table.h"

// What the texts of a table have in common: terminal, Markdown, LaTeX.
namespace seglab {

using Cells = std::vector<std::string>;

/// The cells of a row as all texts show them: group, [n], per column ours and [paper],
/// [difference to the baseline], the costs.
Cells RowCells(const Table& table, const TableRow& row);

/// Adds the titles of the last cells of a row.
void AddCostTitles(const Table& table, Cells& head);

/// Line ends and tabs become spaces.
std::string OneLine(std::string text);

/// The experiment's title, or its name when it has none.
const std::string& TitleOf(const ExperimentResult& result);

/// The tables that have rows, each made by `make(table, classification)`, the second one below
/// `between`.
std::string BothTables(const ExperimentResult& result, const std::string& between,
                       const std::function<std::string(const Table&, bool)>& make);

}  // namespace seglab
