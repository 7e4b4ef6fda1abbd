#pragma once

#include <string>
#include <vector>

namespace seglab {

using Args = std::vector<std::string>;

// One function per sub-command, each in its own file. They return the exit status and throw Error,
// UsageError or Stopped.
int InitCommand(const Args& args);
int RunCommand(const Args& args);
int TrainCommand(const Args& args);
int EvalCommand(const Args& args);
int PredictCommand(const Args& args);
int CrfCommand(const Args& args);
int CrfTuneCommand(const Args& args);
int ProposeCommand(const Args& args);
int ScoreCommand(const Args& args);
int ForwardCommand(const Args& args);
int ModelsCommand(const Args& args);
int WeightsCommand(const Args& args);
int DataCommand(const Args& args);
int BenchCommand(const Args& args);
int ReportCommand(const Args& args);

/// The command as the user typed it, for reports: "seglab run table2 --set seed=2".
std::string TypedCommand(const std::string& command, const Args& args);

}  // namespace seglab
