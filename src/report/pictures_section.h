#pragma once

#include <string>

#include "report/results.h"

namespace seglab {

/// Samples x (image, truth, prediction of each run).
std::string PicturesSection(const ExperimentResult& result);

}  // namespace seglab
