#include "experiment/check.h"

#include <torch/torch.h>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "experiment/run_config.h"
#include "losses/loss.h"
#include "models/registry.h"
#include "tensor/state.h"
#include "train/checks.h"
#include "train/median_frequency.h"
#include "train/optimizer.h"
#include "train/trial.h"

namespace seglab {

void RunChecks::Check(const RunSpec& run, const RunSpec* init, bool is_new) {
  const LogSilence silence;  // remarks come when it runs
  const RunConfig config = ReadRunConfig(run, "");
  TrainJob job = MakeJob(run, config);
  for (const EvalConfig& evaluation : config.evaluations) MakeEvalData(run, evaluation, *job.train);
  const bool fitted = ModelRecipe(config.model) == Recipe::kFitted;
  if (fitted && shared_) {
    throw Error(run.name,
                ": this kind of network is fitted by one process; leave --nproc out, "
                "--workers makes several runs at once");
  }
  const bool trains = config.train.Trains() || fitted;
  if (is_new && trains) {
    CheckData(*job.train, config.train_data, run.name + ": training data", config.train);
    CheckData(*job.val, config.val_data, run.name + ": validation data", config.train);
  }
  MakeLoss(LossWithoutCounting(config.train.loss), job.train->Labels().size(),
           run.name + ".train.loss");
  MakeOptimizer(*job.model, config.train);
  if (init != nullptr) {
    const TrainJob first = MakeJob(*init, ReadRunConfig(*init, ""));
    InitFromTensors(*job.model, ModuleState(*first.model), config.init.skip,
                    StrCat(run.name, ".init (", init->name, ")"));
  } else if (!config.init.from.empty()) {
    if (!FileExists(config.init.from) && !FolderExists(config.init.from)) {
      throw Error(run.name, ".init: no run, run folder or weight file \"", config.init.from,
                  "\"; say where weight files lie with --set weights=DIR");
    }
    InitFromFile(*job.model, config.init, config.model);
    job.transforms = RunTransforms(run, config, *job.model);
  }
  if (is_new && trains) TryTraining(job);
}

void RunChecks::CheckData(const Dataset& data, const Json& options, const std::string& name,
                          const TrainOptions& train) {
  if (known_data_.insert(StrCat(CanonicalJson(options), " ", train.check_samples)).second)
    CheckDataset(data, name, train.check_samples, train.threads);
}

}  // namespace seglab
