#pragma once

#include <opencv2/core/mat.hpp>
#include <string>

namespace seglab {

/// Reads an SBD label: GTcls.Segmentation of a MATLAB file, H x W, CV_8UC1.
/// @throws Error naming the file
cv::Mat ReadSbdMask(const std::string& path);

/// Reads labels of any MATLAB file of whole numbers: SBD's, or the matrix "S" (SIFT Flow,
/// COCO-Stuff 10k), "LabelMap" (PASCAL-Context) or "segmentation" (NYUDv2). H x W, CV_8UC1 or
/// CV_16UC1.
/// @throws Error naming the file
cv::Mat ReadMatMask(const std::string& path);

}  // namespace seglab
