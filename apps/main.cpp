// The program with LibTorch in it, which seglab.cpp becomes.

#include <array>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "base/shell_word.h"
#include "base/signals.h"
#include "command_table.h"
#include "commands.h"
#include "experiment/library_errors.h"
#include "option_groups.h"
#include "outcome.h"
#include "parallel/group.h"
#include "parallel/world.h"
#include "tensor/runtime.h"
#include "worker.h"

namespace seglab {
namespace {

/// Of kCommands.
constexpr std::array kFunctions = {InitCommand,    RunCommand,    TrainCommand,   EvalCommand,
                                   PredictCommand, CrfCommand,    ProposeCommand, ScoreCommand,
                                   ForwardCommand, ModelsCommand, WeightsCommand, DataCommand,
                                   BenchCommand,   ReportCommand};
static_assert(kFunctions.size() == kCommands.size());

int Dispatch(const Args& args) {
  for (size_t i = 0; i < kCommands.size(); ++i) {
    if (!args.empty() && args[0] == kCommands[i].name)
      return kFunctions[i](Args(args.begin() + 1, args.end()));
  }
  throw UsageError("this part of seglab is started by seglab itself, with a command");
}

}  // namespace

std::string TypedCommand(const std::string& command, const Args& args) {
  return StrCat("seglab ", command, args.empty() ? "" : " ", ShellWords(args));
}

namespace {

/// What went wrong, said once where the first process of this machine's job finds it too: then this
/// one is told to end. @return status
int Say(const std::string& text, int status) {
  constexpr std::chrono::milliseconds kPause{50};
  constexpr int kPauses = 200;
  if (MistakesAreOfAll()) {
    for (int i = 0; i < kPauses; ++i, std::this_thread::sleep_for(kPause)) {
      if (StopRequested() != 0) return status;
    }
  }
  return Complain(text, status);
}

}  // namespace

int Main(const Args& args) {
  try {
    InstallStopHandlers();
    const std::optional<World> world = ReadWorld();
    if (world) {
      // Slurm may have given each of its tasks cores of its own.
      const char* on_node = std::getenv("SLURM_CPUS_ON_NODE");
      const bool bound =
          world->by == "srun" && on_node != nullptr && UsableCores() < std::atoi(on_node);
      if (!bound) ShareCores(world->local_size);
      if (world->rank > 0) Log::Get().SetConsole(false);  // they would say the same
    }
    const std::optional<Worker> worker = ReadWorker();
    if (worker && worker->part == Worker::Part::kRuns) {
      ShareCores(worker->count);
      Log::Get().SetSpeaker(StrCat("[", worker->number, "] "));
    }
    SetUpRuntime();
    return Dispatch(args);
  } catch (const UsageError& error) {
    return Say(error.what(), kUsage);
  } catch (const GroupLost& lost) {
    // Those that are told to stop do not all end at the same moment.
    if (const int signal = StopRequested()) return 128 + signal;
    return Complain(lost.what(), kUserError);
  } catch (const Stopped& stopped) {
    Log::Info(stopped.what());
    return 128 + stopped.signal();
  } catch (const std::exception& error) {
    return Say(ErrorText(error), UserErrorText(error) ? kUserError : kOurBug);
  }
}

}  // namespace seglab

int main(int argc, char** argv) {
  const seglab::Args args(argv + 1, argv + argc);
  seglab::HoldStandardStreams();
  // Libraries talk there, OpenCV of each broken picture; what a user needs goes another way.
  std::cerr.rdbuf(nullptr);
  return seglab::FinishOutput(seglab::Main(args));
}
