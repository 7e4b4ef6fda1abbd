#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "report/results.h"

namespace seglab {

/// One run of an experiment, fully resolved.
struct RunSpec {
  std::string name;   ///< "FCN-32s", in a sweep "FCN-32s [seed=2]"
  std::string group;  ///< the name without the seed: one row of the table
  Json config;        ///< seed, model, data, train, eval, init: everything that makes the result
  std::vector<Factor> factors;  ///< what the group's name is made of
  std::string init_run;         ///< the run whose weights start this one, or ""
  /// The paper's figures in percent, by evaluation ("" for the one without a name).
  std::map<std::string, std::vector<double>> paper;
};

/// An experiment as its JSON describes it:
///
///   { "base": "../common/x.json",          merged under this file
///     "title": "...", "description": "...",
///     "paper": {"ref": "...", "columns": ["pixel_acc", "mean_acc", "mean_iou", "fw_iou"]},
///     "compare": ["train_seconds", "macs"],  what the mean IU is drawn against in the report
///     "baseline": "A",                       the row that the others are compared with
///     "weights": "DIR",                      where the files lie that "init" names
///     "seed": 1, "model": {}, "data": {}, "train": {}, "eval": {}    defaults of all runs; a run
///     that
///                                            names another data set inherits nothing of "data"
///     "runs": [ {"name": "A", "model": {...}, "train": {...}, "init": "B" | "file" | {"from",
///     "skip"},
///                "paper": [83.0, ...] | {"evaluation": [83.0, ...]}}, ... ],
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
  std::string baseline;                             ///< a group, or ""
  std::vector<RunSpec> runs;                        ///< a run stands behind the run that starts it
};

}  // namespace seglab
