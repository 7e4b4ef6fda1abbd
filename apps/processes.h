#pragma once

#include <optional>
#include <string>

// Several processes of the program on this machine, for `--nproc` and `--workers`.

namespace seglab {

/// The number behind an option on a command line; std::nullopt where it does not stand there.
/// @throws std::invalid_argument where it is no number from 1 to 1024
std::optional<int> CountBehind(const std::string& option, int argc, char** argv);
/// Whether a word stands on a command line.
bool Stands(const std::string& word, int argc, char** argv);

/// Starts a program `count` times as the processes of one job, with the environment that torchrun
/// gives them, and waits. When one ends badly the others are ended too, after ten seconds by force.
/// @return 0, or the status of the first that failed; 128 + signal where it was killed
int SuperviseJob(const std::string& program, char** argv, int count);

/// Starts a program for the checks of an experiment's plan, then `count` times for its runs, which
/// they divide among them, at last for the report. The others go on with the work of one that is
/// killed.
/// @return the status of the report's process; of the checks' where that fails; of a worker where
///         none has come to the end
int SuperviseWorkers(const std::string& program, char** argv, int count);

}  // namespace seglab
