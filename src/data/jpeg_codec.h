#pragma once

#include <opencv2/core/mat.hpp>
#include <string>
#include <string_view>

namespace seglab {

/// True when the bytes start as a JPEG file does.
bool IsJpeg(std::string_view bytes);

/// Decodes a JPEG as R G B, 8 bit, as it is stored. H x W, CV_8UC3. libjpeg fills what is lost with
/// grey and only warns: here that is an error.
/// @param where  the file's path, for the message
/// @throws Error on a truncated or broken file, one of more than 2^30 pixels, or of no known kind
cv::Mat DecodeJpegRgb(std::string_view bytes, const std::string& where);

}  // namespace seglab
