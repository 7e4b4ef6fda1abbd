#pragma once

#include <opencv2/core/mat.hpp>
#include <string>

#include "data/dataset.h"

namespace seglab {

/// The image, made smaller where needed so that it fits into `width` x `height`; never larger.
cv::Mat ShrinkImage(const cv::Mat& rgb, int width, int height);

/// The same for a mask: every pixel keeps a label that stands in the mask.
cv::Mat ShrinkMask(const cv::Mat& mask, int width, int height);

/// The bytes of a JPEG file. @param quality  0..100
std::string EncodeJpeg(const cv::Mat& rgb, int quality);

/// The bytes of an 8-bit palette PNG file in the colors of MaskColor.
std::string EncodeMaskPng(const cv::Mat& mask, const LabelSet& labels);

/// The bytes of a PNG file that covers, laid over a label map, what is right or void there and
/// leaves the errors in sight: nearly opaque grey and transparent.
/// @param labels, truth  CV_8UC1 of one size
std::string EncodeErrorsPng(const cv::Mat& labels, const cv::Mat& truth);

/// A hash of the pixels of an image or a mask, see HashHex; the size is no part of it.
std::string PixelHash(const cv::Mat& pixels);

}  // namespace seglab
