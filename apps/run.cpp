#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"
#include "command_line.h"
#include "commands.h"
#include "experiment/catalogue.h"
#include "experiment/resolve.h"
#include "experiment/runner.h"
#include "experiment/slurm.h"
#include "option_groups.h"
#include "worker.h"

namespace seglab {
namespace {

RunnerOptions::Part PartOf(const Worker& worker) {
  switch (worker.part) {
    case Worker::Part::kChecks:
      return RunnerOptions::Part::kChecks;
    case Worker::Part::kReport:
      return RunnerOptions::Part::kReport;
    case Worker::Part::kRuns:
      break;
  }
  return RunnerOptions::Part::kRuns;
}

/// The command line that makes the experiment, for a job of Slurm: without what submits it.
std::vector<std::string> CommandOfJobs(const Args& args) {
  const char* front = std::getenv("SEGLAB_FRONT");
  std::vector<std::string> command = {front != nullptr ? front : "seglab", "run"};
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string name = args[i].substr(0, args[i].find('='));
    const bool submits = name == "--launcher" || name == "--sbatch" || name == "--nproc";
    if (name == "--retry") continue;
    if (!submits) command.push_back(args[i]);
    if (submits && name == args[i]) ++i;  // its value is the next word
  }
  return command;
}

std::vector<std::string> Words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

}  // namespace

int RunCommand(const Args& args) {
  std::vector<std::string> names, settings;
  std::string data_root, launcher, sbatch;
  int64_t seed = 1;
  int processes = 1, workers = 1;
  bool report = false;
  RunnerOptions options;
  options.out = "runs";
  CommandLine line(
      "run <name | file.json> [--set key=value]... [--data-root DIR] [--out DIR] [--dry-run] "
      "[--retry]",
      "Runs what is not finished of an experiment, prints its table, writes its report.");
  line.Positional(&names, 0, 1)
      .Many("set", &settings, "change a value, e.g. --set seed=2 --set train.iterations=100")
      .Option("out", &options.out, "folder of all experiments")
      .Option("seed", &seed, "of all runs; short for --set seed=N")
      .Option("pictures", &options.pictures,
              "validation images whose predictions are kept, 0 = none")
      .Flag("retry", &options.retry, "try runs again that failed")
      .Flag("dry-run", &options.dry_run,
            "show the plan, check it, measure a few steps of each kind, and stop")
      .Option("only", &options.only, "make this run alone, and no report")
      .Flag("report", &report, "make no run: table and report of what is finished")
      .Option("workers", &workers,
              "processes of this machine that divide the runs; the same command started elsewhere "
              "on the same folder joins them")
      .Option("launcher", &launcher, "slurm: submit the runs as array jobs, and the report")
      .Option("sbatch", &sbatch,
              "with it, options of sbatch, e.g. --sbatch=\"--partition=gpu --gres=gpu:1\"");
  AddDataRoot(line, &data_root);
  AddProcesses(line, &processes);
  AddLogForms(line, &options.forms);
  AddDevice(line, &options.device);
  if (!line.Parse(args)) return 0;
  if (names.empty())
    throw UsageError("run: name an experiment or a file; known: ", Join(ExperimentNames()));
  if (line.Given("seed")) settings.push_back(StrCat("seed=", seed));
  if (options.out.empty()) throw UsageError("run: --out is empty, name a folder");
  if (!launcher.empty() && launcher != "slurm")
    throw UsageError("run: --launcher: ", UnknownName("launcher", launcher, {"slurm"}));
  if (!sbatch.empty() && launcher.empty())
    throw UsageError("run: --sbatch: goes with --launcher slurm");
  if (line.Given("only") && options.only.empty()) throw UsageError("run: --only: names no run");
  if (report + line.Given("only") + !launcher.empty() > 1 ||
      (line.Given("workers") && (report || line.Given("only") || !launcher.empty()))) {
    throw UsageError("run: --only, --report, --workers and --launcher: choose one");
  }
  options.command = TypedCommand("run", args);
  if (report) options.part = RunnerOptions::Part::kReport;
  if (!launcher.empty()) options.part = RunnerOptions::Part::kChecks;
  const std::optional<Worker> worker = ReadWorker();
  if (worker) {
    options.part = PartOf(*worker);
    PlaceWorker(worker->number - 1, options.device);
  }
  const Experiment experiment = LoadExperiment(FindExperiment(names[0]), settings, data_root);
  const std::unique_ptr<Group> group = launcher.empty() ? MeetGroup(options.device) : nullptr;
  options.group = group.get();
  if (launcher.empty() || options.dry_run) {
    RunExperiment(experiment, options);
    return 0;
  }
  const std::vector<PlannedRun> plan = PrepareExperiment(experiment, options);
  const std::string folder = JoinPath(options.out, experiment.name);
  SlurmOptions slurm;
  slurm.command = CommandOfJobs(args);
  slurm.sbatch = Words(sbatch);
  slurm.folder = std::filesystem::absolute(JoinPath(folder, "slurm")).string();
  slurm.name = "seglab-" + experiment.name;
  slurm.processes = processes;
  std::cout << SubmitToSlurm(plan, slurm) << "\n";
  return 0;
}

}  // namespace seglab
