#pragma once

#include <string>

#include "experiment/results.h"

namespace seglab {

/// Writes result.json, table.md, table.csv, table.tex and report.html into the experiment's folder,
/// each atomically. Curves and pictures are taken from the run folders; what is not there is left
/// out.
void WriteReports(const ExperimentResult& result);

/// The page: one file that needs no network, no script and no other file.
std::string ReportHtml(const ExperimentResult& result);

/// Everything that is known of an experiment, with stable keys. Run folders stand relative to the
/// experiment's, so that it can be moved; undefined figures are null.
std::string ResultToJson(const ExperimentResult& result);

/// Reads the result.json of an experiment's folder back.
/// @throws Error when it is missing or not of the form that ResultToJson writes
ExperimentResult ReadExperimentResult(const std::string& folder);

}  // namespace seglab
