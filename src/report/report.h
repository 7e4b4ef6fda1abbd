#pragma once

#include <string>

#include "report/certainty.h"
#include "report/results.h"

namespace seglab {

/// table.md, table.csv, table.tex and report.html alone: a run's folder has a result.json of its
/// own.
void WriteTablesAndPage(const ExperimentResult& result, const Certainty& certainty = {});

/// Writes result.json, table.md, table.csv, table.tex and report.html into the experiment's folder,
/// each atomically. Curves and pictures are taken from the run folders; what is not there is left
/// out.
void WriteReports(const ExperimentResult& result, const Certainty& certainty = {});

/// The page: one file that needs no network, no script and no other file.
std::string ReportHtml(const ExperimentResult& result, const Certainty& certainty = {});

}  // namespace seglab
