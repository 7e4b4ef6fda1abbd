#pragma once

#include <string>
#include <vector>

#include "report/certainty.h"
#include "report/gallery.h"
#include "report/results.h"

namespace seglab {

/// What came out, in a sentence and three pictures at the top of the page: the best row, what it is
/// better than, and a typical image with its truth and what the best run says. "" where no
/// segmentation run is finished.
std::string HeadlineHtml(const ExperimentResult& result, const Certainty& certainty,
                         const std::vector<Gallery>& galleries);

}  // namespace seglab
