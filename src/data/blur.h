#pragma once

#include <opencv2/core/mat.hpp>

namespace seglab {

/// The image convolved with a Gaussian, cut off at 4 sigma; beyond the edges it is mirrored at its
/// outermost pixels. Rounded once, at the end.
/// @param image  H x W, CV_8UC3
/// @param sigma  standard deviation, pixels; so small that no neighbour counts: the image itself
cv::Mat Blurred(const cv::Mat& image, double sigma);

}  // namespace seglab
