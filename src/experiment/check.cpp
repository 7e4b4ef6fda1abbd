#include "experiment/check.h"

#include <torch/torch.h>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "experiment/run_config.h"
#include "losses/loss.h"
#include "tensor/state.h"
#include "train/optimizer.h"

namespace seglab {

void CheckRun(const RunSpec& run, const RunSpec* init) {
  const LogSilence silence;  // remarks come when it runs
  const RunConfig config = ReadRunConfig(run, "");
  const TrainJob job = MakeJob(run, config);
  for (const EvalConfig& evaluation : config.evaluations) MakeEvalData(run, evaluation, *job.train);
  MakeLoss(config.train.loss, job.train->Labels().size(), run.name + ".train.loss");
  MakeOptimizer(*job.model, config.train);
  if (init != nullptr) {
    const TrainJob first = MakeJob(*init, ReadRunConfig(*init, ""));
    InitFromTensors(*job.model, ModuleState(*first.model), config.init.skip,
                    StrCat(run.name, ".init (", init->name, ")"));
    return;
  }
  if (config.init.from.empty()) return;
  if (!FileExists(config.init.from) && !FolderExists(config.init.from)) {
    throw Error(run.name, ".init: no run, run folder or weight file \"", config.init.from,
                "\"; say where weight files lie with --set weights=DIR");
  }
  InitFromFile(*job.model, config.init, config.model);
}

}  // namespace seglab
