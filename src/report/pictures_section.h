#pragma once

#include <string>
#include <vector>

#include "report/gallery.h"
#include "report/results.h"

namespace seglab {

/// The section with the galleries: for each image its truth and what every run says, with the
/// errors behind a switch. "" where no run kept predictions.
std::string PicturesSection(const ExperimentResult& result, const std::vector<Gallery>& galleries);

}  // namespace seglab
