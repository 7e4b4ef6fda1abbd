#pragma once

#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace seglab {

/// Reads an image file as R G B, 8 bit, as stored (no EXIF rotation, so that masks fit). Grey
/// images get three equal channels, transparency is dropped.
/// @throws Error naming the file when it is missing, empty, truncated, or no image
cv::Mat ReadImage(const std::string& path);

/// Reads a mask PNG as class indices: palette images give their indices, grey images (8 bit or
/// less) their values. H x W, CV_8UC1.
/// @throws Error naming the file when it is missing, truncated, 16 bit, RGB or RGBA (colors are
///         not class indices), or no PNG
cv::Mat ReadMask(const std::string& path);

/// Writes a mask as an 8-bit palette PNG, atomically, in the colors of MaskColor.
void WriteMask(const std::string& path, const cv::Mat& mask, const LabelSet& labels);

/// Writes an R G B image (PNG or JPEG by the extension), atomically.
void WriteImage(const std::string& path, const cv::Mat& rgb);

/// Reads an SBD label: GTcls.Segmentation of a MATLAB file, H x W, CV_8UC1.
/// @throws Error naming the file
cv::Mat ReadSbdMask(const std::string& path);

/// The VOC color of class `index` (bits of the index spread over R, G, B).
Color VocColor(int index);

/// The color of `index` in masks and overlays: the palette's, void (224,224,192) for kIgnoreLabel,
/// and VocColor for what the palette does not hold.
Color MaskColor(const LabelSet& labels, int index);

/// The mask in the colors of its classes (void: (224,224,192)); R G B.
cv::Mat ColorizeMask(const cv::Mat& mask, const LabelSet& labels);

/// The image with the mask laid over it, `alpha` in [0, 1] = strength of the mask; void stays
/// clear, class 0 too when `skip_background`.
cv::Mat Overlay(const cv::Mat& image, const cv::Mat& mask, const LabelSet& labels,
                double alpha = 0.55, bool skip_background = false);

/// @throws Error "<where>: label 7 at (x, y) is out of range, ..." unless every pixel is below
///         `classes` or kIgnoreLabel
void CheckLabels(const cv::Mat& mask, int classes, const std::string& where);

}  // namespace seglab
