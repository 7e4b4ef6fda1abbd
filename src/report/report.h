#pragma once

#include <string>

#include "report/results.h"

namespace seglab {

/// Writes result.json, table.md, table.csv, table.tex and report.html into the experiment's folder,
/// each atomically. Curves and pictures are taken from the run folders; what is not there is left
/// out.
void WriteReports(const ExperimentResult& result);

/// The page: one file that needs no network, no script and no other file.
std::string ReportHtml(const ExperimentResult& result);

}  // namespace seglab
