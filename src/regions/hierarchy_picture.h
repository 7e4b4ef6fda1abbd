#pragma once

#include <opencv2/core/mat.hpp>
#include <vector>

#include "regions/propose.h"

namespace seglab {

/// A sheet of panels, three a row: the image in so many regions of a hierarchy, each in its mean
/// colour, with lines between them and their number below. CV_8UC3, R G B.
/// @param counts  numbers of regions; those of which there are not so many are left out, and the
///                segments themselves always stand first
cv::Mat HierarchyPicture(const WholeHierarchy& hierarchy,
                         const std::vector<int>& counts = {200, 100, 50, 25, 10});

}  // namespace seglab
