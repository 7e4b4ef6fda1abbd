#pragma once

#include <string>
#include <vector>

#include "report/certainty.h"
#include "report/gallery.h"
#include "report/results.h"

namespace seglab {

/// What came out, in a sentence and three pictures at the top of the page: the best row, what it is
/// better than, and an image that is typical for it, the median of its first run, with truth and
/// prediction. "" where no segmentation run is finished.
std::string HeadlineHtml(const ExperimentResult& result, const Certainty& certainty,
                         const std::vector<Gallery>& galleries);

}  // namespace seglab
