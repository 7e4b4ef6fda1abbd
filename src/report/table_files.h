#pragma once

#include <string>

#include "report/results.h"

namespace seglab {

/// Both tables for the terminal.
std::string TableText(const ExperimentResult& result);

/// A page in GitHub's Markdown: title, tables, command, environment.
std::string TableMarkdown(const ExperimentResult& result);

/// One row per group, for programs: percent with all digits, empty where a value is undefined, the
/// training time in seconds. Segmentation and pre-training differ in the column `task`.
std::string TableCsv(const ExperimentResult& result);

/// A table environment for the package booktabs.
std::string TableLatex(const ExperimentResult& result);

}  // namespace seglab
