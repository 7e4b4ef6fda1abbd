#pragma once

#include <string>

#include "report/results.h"

namespace seglab {

/// The section of the page with samples x (image, truth, prediction of each evaluation); empty when
/// no run has pictures.
std::string PicturesSection(const ExperimentResult& result);

}  // namespace seglab
