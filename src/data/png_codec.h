#pragma once

#include <opencv2/core/mat.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"

namespace seglab {

/// True when the bytes start as a PNG file does.
bool IsPng(std::string_view bytes);

/// Decodes a palette or grey PNG of at most 8 bits without turning indices into colors and without
/// stretching values to 0..255. H x W, CV_8UC1.
/// @param where  the file's path, for the message
/// @throws Error on another kind of PNG and on a broken or truncated one
cv::Mat DecodePngIndices(std::string_view bytes, const std::string& where);

/// A PNG's pixels as they are stored.
struct PngMask {
  cv::Mat pixels;              ///< CV_8UC1 values or indices, CV_16UC1, CV_8UC2 grey and alpha,
                               ///< CV_8UC3 R G B, CV_8UC4 R G B alpha
  std::string kind;            ///< "an RGB image"
  std::vector<Color> palette;  ///< of a palette image
};
/// @throws Error on a broken or truncated file, and on 16-bit ones of several channels
PngMask DecodePngMask(std::string_view bytes, const std::string& where);

/// Decodes any PNG as R G B, 8 bit; transparency is dropped. H x W, CV_8UC3.
/// @throws Error on a broken or truncated file
cv::Mat DecodePngRgb(std::string_view bytes, const std::string& where);

/// An 8-bit palette PNG of `indices` (H x W, CV_8UC1).
/// @param palette  256 colors
std::string EncodePngIndices(const cv::Mat& indices, const std::vector<Color>& palette,
                             const std::string& where);

}  // namespace seglab
