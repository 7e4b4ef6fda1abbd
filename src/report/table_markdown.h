#pragma once

#include <string>

#include "report/results.h"

namespace seglab {

/// A page in GitHub's Markdown: title, tables, command, environment.
std::string TableMarkdown(const ExperimentResult& result);

}  // namespace seglab
