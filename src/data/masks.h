#pragma once

#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace seglab {

/// Reads a mask PNG as class indices: palette images give their indices, grey images (8 bit or
/// less) their values. H x W, CV_8UC1.
/// @throws Error naming the file when it is missing, truncated, 16 bit, RGB or RGBA (colors are
///         not class indices), or no PNG
cv::Mat ReadMask(const std::string& path);

/// Writes a mask as an 8-bit palette PNG, atomically, in the colors of MaskColor.
void WriteMask(const std::string& path, const cv::Mat& mask, const LabelSet& labels);

/// @throws Error "<where>: label 7 at (x, y) is out of range, ..." unless every pixel is below
///         `classes` or kIgnoreLabel
void CheckLabels(const cv::Mat& mask, int classes, const std::string& where);

}  // namespace seglab
