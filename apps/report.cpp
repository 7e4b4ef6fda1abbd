#include <iostream>
#include <set>

#include "command_line.h"
#include "commands.h"
#include "experiment/collect.h"
#include "experiment/run_folder.h"
#include "option_groups.h"
#include "report/certainty.h"
#include "report/report.h"
#include "report/result_json.h"
#include "report/table.h"
#include "report/table_text.h"

namespace seglab {

int ReportCommand(const Args& args) {
  std::vector<std::string> folders;
  CommandLine line(
      "report DIR [--tensorboard] [--csv]",
      "Writes the tables and the HTML report of an experiment's folder, or a training's, again.");
  line.Positional(&folders, 1, 1);
  LogForms forms;
  AddLogForms(line, &forms);
  if (!line.Parse(args)) return 0;
  const bool is_run = !HashIn(folders[0]).empty();
  const ExperimentResult result =
      is_run ? ResultOfRunFolder(folders[0], "") : ReadExperimentResult(folders[0]);
  const Certainty certainty = MakeCertainty(result);
  is_run ? WriteTablesAndPage(result, certainty) : WriteReports(result, certainty);
  std::set<std::string> runs;
  for (const RunResult& run : result.runs) runs.insert(run.folder);
  for (const std::string& run : runs) WriteLogForms(run, forms);
  std::cout << TableText(result) << CertaintyText(certainty, result.columns);
  return 0;
}

}  // namespace seglab
