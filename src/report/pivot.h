#pragma once

#include <string>

#include "report/table.h"

namespace seglab {

/// The mean IU of a table whose rows differ in two factors or more, crossed: one factor down, one
/// across, a table for each combination of the others; with the difference to the baseline where
/// one is named. "" where fewer than two factors differ, where the crossing would be mostly empty,
/// or where there would be too many tables.
std::string PivotsHtml(const Table& table);

}  // namespace seglab
