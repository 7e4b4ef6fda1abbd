#pragma once

#include <opencv2/core/mat.hpp>

#include "data/labels.h"

namespace seglab {

/// The mask in the colors of its classes (void: (224,224,192)); R G B.
cv::Mat ColorizeMask(const cv::Mat& mask, const LabelSet& labels);

/// The image with the mask laid over it, `alpha` in [0, 1] = strength of the mask; void stays
/// clear, class 0 too when `skip_background`.
cv::Mat Overlay(const cv::Mat& image, const cv::Mat& mask, const LabelSet& labels,
                double alpha = 0.55, bool skip_background = false);

}  // namespace seglab
