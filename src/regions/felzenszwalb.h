#pragma once

#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <vector>

namespace seglab {

/// The segments of an image: their numbers 0 ... count - 1, in the order of their first pixels.
struct Segments {
  cv::Mat map;  ///< CV_32SC1, of the image's size
  int count = 0;
};

/// Graph-based segmentation (Felzenszwalb and Huttenlocher, "Efficient graph-based image
/// segmentation", IJCV 2004): pixels are joined with their eight neighbours by edges whose weight
/// is the distance of the smoothed colours, and edges are walked through from light to heavy,
/// joining two components where the edge is no heavier than what either holds inside, plus k over
/// its number of pixels (sections 3 and 5).
///
/// Weights are kept in steps of 1/128 of a grey level, so that one counting sort puts all of them
/// in order; equal ones stay in the order of pixels, then right, down left, down, down right. The
/// sorted graph serves any number of thresholds.
class PixelGraph {
 public:
  /// @param image  8 bit or float of 0 to 255, one or three channels; one channel counts as three
  ///               equal ones, so that k means the same for both
  /// @param sigma  of the Gaussian that smooths the image first, pixels; 0: none
  /// @throws Error on an image without pixels, of other channels, or of more than 2^29 pixels
  PixelGraph(const cv::Mat& image, double sigma);

  /// @param k         threshold, grey levels times pixels: larger gives larger segments
  /// @param min_size  pixels; a smaller segment is joined to the neighbour across its lightest edge
  Segments Segment(double k, int min_size) const;

 private:
  int height_, width_;
  std::vector<uint32_t> edges_;  ///< 4 * pixel + direction, by weight
  std::vector<uint32_t> start_;  ///< of each weight in edges_, and the end
};

}  // namespace seglab
