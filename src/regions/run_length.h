#pragma once

#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <vector>

namespace seglab {

/// COCO's run lengths, not compressed, of a mask in an image: pixels column by column from the top
/// left, how many are outside, then inside, then outside, ...; the first number may be 0, the
/// others are not.
/// @param mask  CV_8UC1 of the box's size, not 0 = inside
/// @param box   where it lies in the image
/// @param height, width  of the image, pixels
std::vector<int64_t> RunLengths(const cv::Mat& mask, const cv::Rect& box, int height, int width);

}  // namespace seglab
