#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "experiment/spec.h"
#include "metrics/scores.h"
#include "train/model_file.h"
#include "train/options.h"
#include "train/trainer.h"

namespace seglab {

/// The parts of a run's config, each checked by the room it belongs to.
struct RunConfig {
  uint64_t seed = 1;
  Json model;
  Json train_data, val_data;  ///< options of the two data sets
  Json transforms = Json::array();
  TrainOptions train;
  InitOptions init;
  AbsentPolicy policy = AbsentPolicy::kUnion;
  std::string precision = "float32";  ///< of the evaluation
};

/// @param init_folder  folder of the run that starts this one, or ""
/// @throws Error naming the run and the JSON path
RunConfig ReadRunConfig(const RunSpec& run, const std::string& init_folder);

/// Makes data sets, network (with fresh weights) and transforms of a run.
/// @throws Error on anything in them that is wrong
TrainJob MakeJob(const RunSpec& run, const RunConfig& config);

/// Tries all of the above and whether the weights fit that the run starts from, so that a mistake
/// in the last run of an experiment is said before the first one has trained for hours.
/// @param init  the run that starts this one, or nullptr
/// @throws Error
void CheckRun(const RunSpec& run, const RunSpec* init);

}  // namespace seglab
