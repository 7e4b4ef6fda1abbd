#pragma once

#include <string>
#include <vector>

namespace seglab {

/// Where experiments live that are called by name: `SEGLAB_EXPERIMENTS`, else the source tree's
/// experiments/.
std::string ExperimentsFolder();

/// What FindExperiment knows by name, sorted: "table2" (its shapes.json), "table2/camvid".
std::vector<std::string> ExperimentNames();

/// The file of "table2" (experiments/table2.json, experiments/table2/shapes.json, or else the only
/// file of experiments/table2/), or the path itself when it is a file.
/// @throws Error with the names there are
std::string FindExperiment(const std::string& name_or_path);

}  // namespace seglab
