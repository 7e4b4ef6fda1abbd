#pragma once

#include <opencv2/core/mat.hpp>
#include <string>

namespace seglab {

/// How a picture with an EXIF orientation is read.
enum class ImageView {
  kAsSeen,    ///< upright, as people see it and as tools that draw masks show it
  kAsStored,  ///< as its pixels lie in the file
};

/// Reads an image file as R G B, 8 bit. Grey images get three equal channels, transparency is
/// dropped.
/// @param orientation  gets the EXIF orientation, 1 = none, see ExifOrientation
/// @throws Error naming the file when it is missing, empty, truncated, or no image
cv::Mat ReadImage(const std::string& path, ImageView view = ImageView::kAsSeen,
                  int* orientation = nullptr);

/// The EXIF orientation of a file, 1 = none. @throws Error when it cannot be read
int ReadOrientation(const std::string& path);

/// Writes an R G B image (PNG or JPEG by the extension), atomically.
void WriteImage(const std::string& path, const cv::Mat& rgb);

}  // namespace seglab
