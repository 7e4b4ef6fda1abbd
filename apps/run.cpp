#include "base/error.h"
#include "base/names.h"
#include "command_line.h"
#include "commands.h"
#include "experiment/catalogue.h"
#include "experiment/resolve.h"
#include "experiment/runner.h"
#include "option_groups.h"

namespace seglab {

int RunCommand(const Args& args) {
  std::vector<std::string> names, settings;
  std::string data_root;
  int64_t seed = 1;
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
            "show the plan, check it, measure a few steps of each kind, and stop");
  AddDataRoot(line, &data_root);
  AddLogForms(line, &options.forms);
  AddDevice(line, &options.device);
  if (!line.Parse(args)) return 0;
  if (names.empty())
    throw UsageError("run: name an experiment or a file; known: ", Join(ExperimentNames()));
  if (line.Given("seed")) settings.push_back(StrCat("seed=", seed));
  if (options.out.empty()) throw UsageError("run: --out is empty, name a folder");
  options.command = TypedCommand("run", args);
  RunExperiment(LoadExperiment(FindExperiment(names[0]), settings, data_root), options);
  return 0;
}

}  // namespace seglab
