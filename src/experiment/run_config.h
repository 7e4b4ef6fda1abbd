#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/labels.h"
#include "experiment/spec.h"
#include "inference/predict_options.h"
#include "metrics/scores.h"
#include "train/job.h"
#include "weights/init.h"

namespace seglab {

/// How a trained run is scored.
struct EvalConfig {
  std::string name;  ///< "" when it is the run's only one and has none
  Json options;      ///< as the experiment says them
  Json data;         ///< options of the data set
  AbsentPolicy policy = AbsentPolicy::kUnion;
  PredictOptions predict;
  double boundary_f1 = 0;      ///< tolerance of that score, part of the diagonal; 0: not scored
  std::vector<double> trimap;  ///< widths of bands around boundaries that are scored alone, pixels
  std::string rand;  ///< class of the objects of the Rand scores, name or number; "": not scored
};

/// The parts of a run's config, each checked by the room it belongs to.
struct RunConfig {
  uint64_t seed = 1;
  Json model;
  Json train_data, val_data;  ///< options of the two data sets
  Json transforms = Json::array();
  TrainOptions train;
  InitOptions init;
  std::vector<EvalConfig> evaluations;  ///< at least one
};

/// @param init_folder  folder of the run that starts this one, or ""
/// @throws Error naming the run and the JSON path
RunConfig ReadRunConfig(const RunSpec& run, const std::string& init_folder);

/// The data set of an evaluation. @throws Error where its classes or task are not the training's,
/// or where it has no class of which Rand scores are to be
std::shared_ptr<const Dataset> MakeEvalData(const RunSpec& run, const EvalConfig& evaluation,
                                            const Dataset& train);

/// The class of an evaluation's Rand scores; -1: they are not scored.
/// @throws Error where there is none of that name or number
int RandClass(const RunSpec& run, const EvalConfig& evaluation, const LabelSet& labels);

/// Makes data sets, network (with fresh weights) and transforms of a run.
/// @param folder  of the run, where proposals of regions are kept; "": nothing is written
/// @throws Error on anything in them that is wrong
TrainJob MakeJob(const RunSpec& run, const RunConfig& config, const std::string& folder = "");

/// The transforms of a run for a network whose preprocessing is known.
std::vector<Transform> RunTransforms(const RunSpec& run, const RunConfig& config,
                                     const SegModel& model);

}  // namespace seglab
