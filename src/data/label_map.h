#pragma once

#include <opencv2/core/mat.hpp>
#include <string>

#include "data/labels.h"
#include "data/mask_values.h"

namespace seglab {

/// Reads any mask as a label map, H x W, CV_8UC1, classes or kIgnoreLabel:
///   grey and palette pictures of at most 8 bits: their values and indices, through `values`
///   16-bit grey: their values, where `values` lists some
///   RGB, RGBA: their colors, exactly, through the colors of `values`; where there are none, grey
///   ones (three equal channels) are values .mat: SBD's labels
/// PNG, TIFF, BMP and lossless WebP hold what was written. JPEG does not: it is read with a
/// threshold alone.
/// @throws Error naming the file, and the place of a value or color that means nothing
cv::Mat ReadLabelMap(const std::string& path, const LabelSet& labels, const MaskValues& values);

/// A mask as it is stored, for whoever looks for what is wrong with it.
struct RawMask {
  cv::Mat pixels;    ///< CV_8UC1, CV_16UC1, or CV_8UC3 R G B
  std::string kind;  ///< "an 8-bit palette image", "a JPEG file"
  bool lossy = false;
};
/// @throws Error naming the file
RawMask ReadRawMask(const std::string& path);

/// Whether the mask is one of colors: three channels that differ.
bool HoldsColors(const RawMask& mask);

}  // namespace seglab
