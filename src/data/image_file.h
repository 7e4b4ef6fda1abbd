#pragma once

#include <opencv2/core/mat.hpp>
#include <string>

namespace seglab {

/// Reads an image file as R G B, 8 bit, as stored (no EXIF rotation, so that masks fit). Grey
/// images get three equal channels, transparency is dropped.
/// @throws Error naming the file when it is missing, empty, truncated, or no image
cv::Mat ReadImage(const std::string& path);

/// Writes an R G B image (PNG or JPEG by the extension), atomically.
void WriteImage(const std::string& path, const cv::Mat& rgb);

}  // namespace seglab
