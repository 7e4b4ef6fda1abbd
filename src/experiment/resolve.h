#pragma once

#include <string>
#include <vector>

#include "experiment/spec.h"

namespace seglab {

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

}  // namespace seglab
