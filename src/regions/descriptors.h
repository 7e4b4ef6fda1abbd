#pragma once

#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <vector>

#include "regions/felzenszwalb.h"

namespace seglab {

inline constexpr int kColorBins = 25;    ///< a channel
inline constexpr int kOrientations = 8;  ///< multiples of 45 degrees
inline constexpr int kTextureBins = 10;  ///< a channel and orientation

/// The bins that each pixel of an image falls into. They serve all segmentations of the image.
class PixelBins {
 public:
  /// @param image  CV_8UC1 or CV_8UC3 of any colour space
  explicit PixelBins(const cv::Mat& image);

  int channels() const { return channels_; }
  /// Bins of colour, channels() values a pixel: value v of 0 to 255 is in bin 25 v / 256.
  const cv::Mat& color() const { return color_; }

  /// Bins of texture, 4 values for each channel of a pixel: the derivatives of the image smoothed
  /// by a Gaussian of sigma 1 along 0, 45, 90 and 135 degrees. Half a turn further a derivative is
  /// the same with the other sign, so that 4 signed ones hold 8 orientations: code 9 + b is bin b
  /// of the first orientation and bin 0 of the opposite one, code 9 - b the other way round.
  const cv::Mat& texture() const { return texture_; }

 private:
  int channels_;
  cv::Mat color_, texture_;
};

/// Pixels [x0, x1) x [y0, y1) of the working image.
struct Extent {
  int x0, y0, x1, y1;

  bool operator==(const Extent&) const = default;
};

/// The smallest extent that holds both.
Extent Union(const Extent& a, const Extent& b);

/// What similarities are made of, for each of a number of regions (Uijlings et al., "Selective
/// search for object recognition", IJCV 2013, section 3.2).
struct RegionTable {
  int color_length = 0, texture_length = 0;  ///< bins, filled up with zeros to multiples of 16
  std::vector<float> color;                  ///< color_length for each region, they sum to 1
  std::vector<float> texture;                ///< texture_length for each region, they sum to 1
  std::vector<int> size;                     ///< pixels
  std::vector<Extent> extent;                ///< tight

  int count() const { return static_cast<int>(size.size()); }
};

/// The table of the segments of an image.
/// Bins stand by channel; those of texture by channel, orientation (0, 45, ..., 315 degrees), size.
RegionTable Describe(const PixelBins& bins, const Segments& segments);

/// The sum of the smaller one of each two values: the intersection of histograms.
/// @param length  a multiple of 16
float Intersection(const float* a, const float* b, int length);

}  // namespace seglab
