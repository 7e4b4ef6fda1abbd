#pragma once

#include <opencv2/core/mat.hpp>
#include <opencv2/core/types.hpp>

namespace seglab {

/// A window of an image at another size, of which nothing else is computed. Along a side that grows
/// bilinear, pixels counted by their centres and the border repeated; along one that shrinks the
/// average of the area that a pixel covers.
/// @param rgb      H x W, CV_8UC3
/// @param size     of the whole resized image
/// @param window   of that, inside of it and not empty
/// @param flipped  whether the resized image is mirrored left-right before the window is taken
/// @return CV_8UC3 of the window's size
cv::Mat ResampleWindow(const cv::Mat& rgb, const cv::Size& size, const cv::Rect& window,
                       bool flipped);

/// The same of a label map: each pixel takes the label that its centre falls on.
/// @param label  H x W, CV_8UC1
cv::Mat ResampleLabels(const cv::Mat& label, const cv::Size& size, const cv::Rect& window,
                       bool flipped);

}  // namespace seglab
