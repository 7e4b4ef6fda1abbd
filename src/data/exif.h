#pragma once

#include <opencv2/core/mat.hpp>
#include <string_view>

namespace seglab {

/// The EXIF orientation of a JPEG, PNG or WebP file's bytes, 1 to 8: how the stored picture is to
/// be turned to be seen upright. 1 (as it is) where it says none, or is broken.
int ExifOrientation(std::string_view bytes);

/// The picture as people see it. @param orientation  1 to 8
cv::Mat Upright(const cv::Mat& stored, int orientation);

/// "turned by 90 degrees", "mirrored", ...: what orientation 2 to 8 does to the stored picture.
const char* OrientationText(int orientation);

}  // namespace seglab
