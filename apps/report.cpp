#include <iostream>

#include "command_line.h"
#include "commands.h"
#include "report/report.h"
#include "report/result_json.h"
#include "report/table.h"
#include "report/table_text.h"

namespace seglab {

int ReportCommand(const Args& args) {
  std::vector<std::string> folders;
  CommandLine line("report DIR",
                   "Writes the tables and the HTML report of an experiment's folder again.");
  line.Positional(&folders, 1, 1);
  if (!line.Parse(args)) return 0;
  const ExperimentResult result = ReadExperimentResult(folders[0]);
  WriteReports(result);
  std::cout << TableText(result);
  return 0;
}

}  // namespace seglab
