#pragma once

#include <opencv2/core/mat.hpp>

#include "base/random.h"

namespace seglab {

/// The image with normal noise added, rounded and clamped to 0..255. In whole numbers, so that a
/// stream gives the same pixels everywhere: the noise is one of 65,536 equally likely quantiles,
/// which reach to 4.3 standard deviations.
/// @param image  H x W, CV_8UC3
/// @param sigma  standard deviation in grey values, 0 to 255
/// @param grey   a pixel's three channels get the same noise; false: each its own
cv::Mat Noisy(const cv::Mat& image, double sigma, bool grey, RandomStream& random);

}  // namespace seglab
