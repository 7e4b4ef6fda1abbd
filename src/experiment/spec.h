#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace seglab {

/// One run of an experiment, fully resolved.
struct RunSpec {
  std::string name;      ///< "FCN-32s", in a sweep "FCN-32s [seed=2]"
  std::string group;     ///< the name without the seed: one row of the table
  Json config;           ///< seed, model, data, train, eval, init: everything that makes the result
  std::string init_run;  ///< the run whose weights start this one, or ""
  std::vector<double> paper;  ///< the paper's figures in percent
};

/// An experiment as its JSON describes it:
///
///   { "base": "../common/x.json",          merged under this file
///     "title": "...", "description": "...",
///     "paper": {"ref": "...", "columns": ["pixel_acc", "mean_acc", "mean_iou", "fw_iou"]},
///     "compare": ["train_seconds", "parameters"],     what mean IU is drawn against in the report
///     "weights": "DIR",                      where the files lie that "init" names
///     "seed": 1, "model": {}, "data": {}, "train": {}, "eval": {}    defaults of all runs; a run
///     that
///                                            names another data set inherits nothing of "data"
///     "runs": [ {"name": "A", "model": {...}, "train": {...}, "init": "B" | "file" | {"from",
///     "skip"},
///                "paper": [83.0, ...]}, ... ],
///     "sweep": {"model.backbone": ["vgg16", "vgg19"], "seed": [1, 2, 3]} }   all combinations
///
/// A list of a sweep holds values of a key of the runs; an object holds variants by name, each with
/// members of a run ("model", "data", "train", "eval", "seed", "init") that stand between the
/// defaults and what the run itself says.
struct Experiment {
  std::string name;
  std::string title;
  std::string description;
  std::string paper_ref;
  std::vector<std::string> columns;
  std::optional<std::vector<std::string>> compare;  ///< of CostNames()
  std::vector<RunSpec> runs;                        ///< a run stands behind the run that starts it
};

/// Where experiments live that are called by name: `SEGLAB_EXPERIMENTS`, else the source tree's
/// experiments/.
std::string ExperimentsFolder();

/// What FindExperiment knows by name, sorted: "table2" (its shapes.json), "table2/camvid".
std::vector<std::string> ExperimentNames();

/// The file of "table2" (experiments/table2.json, experiments/table2/shapes.json, or else the only
/// file of experiments/table2/), or the path itself when it is a file.
/// @throws Error with the names there are
std::string FindExperiment(const std::string& name_or_path);

/// Reads and resolves an experiment.
/// @param settings   "key=value": seed, model, data, train, eval are set in every run; other keys,
/// e.g.
///                   runs.FCN-8s.train.lr, in the experiment
/// @param data_root  root of the data sets that need one; "" = as the JSON says
Experiment LoadExperiment(const std::string& path, const std::vector<std::string>& settings,
                          const std::string& data_root);

/// The same from JSON that was already read. @param where  names it in errors
Experiment ResolveExperiment(Json root, const std::string& where, const std::string& name,
                             const std::vector<std::string>& settings,
                             const std::string& data_root);

/// The hash of what determines a run's result: its config without what changes nothing (threads,
/// logging, checkpoints), and the hash of the run that starts it.
std::string RunHash(const RunSpec& run, const std::string& init_hash);

}  // namespace seglab
