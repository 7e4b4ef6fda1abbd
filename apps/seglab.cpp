// The program that users start. It answers at once what needs no LibTorch, whose start takes half a
// second, and becomes the program that has it (main.cpp), in an environment made for that.

#include <torch/version.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"
#include "command_table.h"
#include "outcome.h"
#include "process_environment.h"
#include "processes.h"

namespace seglab {
namespace {

std::string LibTorch() {
  return StrCat("LibTorch ", TORCH_VERSION_MAJOR, ".", TORCH_VERSION_MINOR, ".",
                TORCH_VERSION_PATCH);
}

void PrintHelp(std::ostream& out) {
  out << "seglab " << SEGLAB_VERSION << ", a laboratory for semantic segmentation on " << LibTorch()
      << "\n\nseglab <command> [options]\n\n";
  for (const CommandRow& row : kCommands) {
    out << "  " << row.name << std::string(10 - std::string(row.name).size(), ' ') << row.summary
        << "\n";
  }
  out << "\nseglab <command> --help shows a command's options.\n";
}

std::string RealPath(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  return real == nullptr ? "" : real.get();
}

/// The file of this program; links to it are followed.
std::string OwnPath(const std::string& called) {
  std::string path = RealPath("/proc/self/exe");  // Linux
  if (!path.empty()) return path;
  if (called.find('/') != std::string::npos) return RealPath(called);
  // As the shell found it.
  const char* folders = std::getenv("PATH");
  std::istringstream list(folders == nullptr ? "" : folders);
  for (std::string folder; std::getline(list, folder, ':');) {
    path = JoinPath(folder.empty() ? "." : folder, called);
    if (FileExists(path) && ::access(path.c_str(), X_OK) == 0) return RealPath(path);
  }
  return "";
}

/// Where it is installed or built, seen from the folder of this program.
std::string WholeProgram(const std::string& called) {
  const std::string own = OwnPath(called);
  const std::string folder = own.substr(0, own.rfind('/') + 1);
  const std::string installed = folder + SEGLAB_PROGRAM;
  const std::string built = folder + "../libexec/seglab/seglab";
  return ::access(installed.c_str(), X_OK) == 0 ? installed : built;
}

int Start(const CommandRow& row, int argc, char** argv) {
  const std::string program = WholeProgram(argv[0]);
  const std::string_view name = row.name;
  const bool submits = Stands("--launcher", argc, argv) || Stands("--launcher=slurm", argc, argv);
  // What suits this machine must not go with jobs to others.
  if (!submits) ProvideEnvironment(row.computes);
  ::setenv("SEGLAB_FRONT", OwnPath(argv[0]).c_str(), 1);  // for those jobs
  const bool looks = submits || Stands("--help", argc, argv) || Stands("--dry-run", argc, argv) ||
                     Stands("--report", argc, argv);
  if (!looks && (name == "train" || name == "run")) {
    try {
      const std::optional<int> processes = CountBehind("--nproc", argc, argv),
                               workers = name == "run" ? CountBehind("--workers", argc, argv)
                                                       : std::nullopt;
      if (processes && workers)
        throw std::invalid_argument(
            "--nproc and --workers: processes share one run, or divide the runs; choose one");
      if (workers) return SuperviseWorkers(program, argv, *workers);
      if (processes && *processes > 1 && std::getenv("WORLD_SIZE") == nullptr)
        return SuperviseJob(program, argv, *processes);
    } catch (const std::invalid_argument& error) {
      return Complain(error.what(), kUsage);
    }
  }
  ::execv(program.c_str(), argv);
  return Complain(StrCat(program, ": cannot be started, ", std::strerror(errno),
                         "; build or install seglab again"),
                  kUserError);
}

int Front(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (argc < 2 || command == "--help" || command == "-h" || command == "help") {
    PrintHelp(std::cout);
    return argc > 1 ? 0 : kUsage;
  }
  if (command == "--version") {
    std::cout << "seglab " << SEGLAB_VERSION << " (" << LibTorch() << ")\n";
    return 0;
  }
  std::vector<std::string> names;
  for (const CommandRow& row : kCommands) {
    if (command == row.name) return Start(row, argc, argv);
    names.push_back(row.name);
  }
  return Complain(UnknownName("command", command, names), kUsage);
}

}  // namespace
}  // namespace seglab

int main(int argc, char** argv) {
  seglab::HoldStandardStreams();
  return seglab::FinishOutput(seglab::Front(argc, argv));
}
