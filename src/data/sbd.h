#pragma once

#include <opencv2/core/mat.hpp>
#include <string>

namespace seglab {

/// Reads an SBD label: GTcls.Segmentation of a MATLAB file, H x W, CV_8UC1.
/// @throws Error naming the file
cv::Mat ReadSbdMask(const std::string& path);

}  // namespace seglab
