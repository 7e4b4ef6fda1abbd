#include <iostream>

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/signals.h"
#include "commands.h"
#include "outcome.h"
#include "process_environment.h"
#include "tensor/runtime.h"

namespace seglab {
namespace {

struct CommandRow {
  const char* name;
  const char* summary;
  int (*run)(const Args& args);
  bool computes = false;  ///< for long enough that ProvideEnvironment pays
};

constexpr CommandRow kCommands[] = {
    {"run", "run an experiment (a name or a JSON file), e.g. seglab run table2", RunCommand, true},
    {"train", "train one network", TrainCommand, true},
    {"eval", "score a trained network on a data set", EvalCommand, true},
    {"predict", "segment images: indexed masks and overlays", PredictCommand, true},
    {"crf", "sharpen labels with a dense CRF; `crf tune` finds its parameters", CrfCommand, true},
    {"propose", "region proposals of an image, or how well they cover a data set's objects",
     ProposeCommand, true},
    {"score", "score a folder of predicted masks against a folder of true ones", ScoreCommand},
    {"forward", "run a network on a tensor file", ForwardCommand, true},
    {"models", "list networks and backbones, or describe one", ModelsCommand},
    {"weights", "look into weight files, or convert them", WeightsCommand},
    {"data", "list, check or export data sets", DataCommand},
    {"bench", "time parts of the work beside what the machine can do", BenchCommand, true},
    {"report", "write an experiment's tables and HTML report again", ReportCommand},
};

void PrintHelp(std::ostream& out) {
  out << "seglab " << SEGLAB_VERSION << ", a laboratory for semantic segmentation on LibTorch "
      << TorchVersion() << "\n\nseglab <command> [options]\n\n";
  for (const CommandRow& row : kCommands) {
    out << "  " << row.name << std::string(10 - std::string(row.name).size(), ' ') << row.summary
        << "\n";
  }
  out << "\nseglab <command> --help shows a command's options.\n";
}

int Dispatch(const Args& args) {
  if (args.empty() || args[0] == "--help" || args[0] == "-h" || args[0] == "help") {
    PrintHelp(std::cout);
    return args.empty() ? kUsage : 0;
  }
  if (args[0] == "--version") {
    std::cout << "seglab " << SEGLAB_VERSION << " (LibTorch " << TorchVersion() << ")\n";
    return 0;
  }
  std::vector<std::string> names;
  for (const CommandRow& row : kCommands) {
    if (args[0] == row.name) return row.run(Args(args.begin() + 1, args.end()));
    names.push_back(row.name);
  }
  throw UsageError(UnknownName("command", args[0], names));
}

/// Whether a command with these arguments is worth a start of its own.
bool Computes(const Args& args) {
  for (const CommandRow& row : kCommands) {
    if (args.size() > 1 && args[0] == row.name) return row.computes;
  }
  return false;
}

}  // namespace

std::string TypedCommand(const std::string& command, const Args& args) {
  std::string text = "seglab " + command;
  for (const std::string& arg : args) {
    const bool plain =
        arg.find_first_of(" \t\"'{}[]$*?&|;<>()") == std::string::npos && !arg.empty();
    text += plain ? " " + arg : " '" + arg + "'";
  }
  return text;
}

int Main(const Args& args) {
  try {
    InstallStopHandlers();
    SetUpRuntime();
    return Dispatch(args);
  } catch (const UsageError& error) {
    return Complain(error.what(), kUsage);
  } catch (const Error& error) {
    return Complain(error.what(), kUserError);
  } catch (const Stopped& stopped) {
    Log::Info(stopped.what());
    return 128 + stopped.signal();
  } catch (const std::exception& error) {
    return ComplainOf(error);
  }
}

}  // namespace seglab

int main(int argc, char** argv) {
  const seglab::Args args(argv + 1, argv + argc);
  if (seglab::Computes(args)) seglab::ProvideEnvironment(argv);
  seglab::HoldStandardStreams();
  // Libraries talk there, OpenCV of each broken picture; what a user needs goes another way.
  std::cerr.rdbuf(nullptr);
  return seglab::FinishOutput(seglab::Main(args));
}
