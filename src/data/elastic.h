#pragma once

#include <array>
#include <opencv2/core/types.hpp>
#include <vector>

#include "base/random.h"
#include "data/warp.h"

namespace seglab {

/// How far a pixel comes from, in pixels to the right and down.
struct Displacement {
  double x = 0, y = 0;
};

/// The elastic deformations of U-Net (O. Ronneberger, P. Fischer, T. Brox, MICCAI 2015, section
/// 3.1): displacements at the nodes of a coarse grid, between them bicubic. The paper says neither
/// where the nodes lie nor which cubic: here the outermost lie on the image's outermost pixels and
/// the others evenly between, and the cubic is R. Keys' convolution with a = -1/2 (Catmull-Rom),
/// which meets the nodes; beyond the grid its outermost nodes repeat.
class ElasticField {
 public:
  /// @param nodes  grid x grid, row by row; `grid` is 2 or more
  ElasticField(const std::vector<Displacement>& nodes, int grid, const cv::Size& image);

  /// Where the pixels of row y come from.
  void Row(int y, Place* places) const;

 private:
  /// Of an axis of the padded grid the first of four nodes that a pixel is made of.
  struct Taps {
    int first;
    std::array<double, 4> weights;
  };
  static Taps TapsOf(int pixel, int length, int grid);

  int side_;  ///< of the grid with a node more at each end
  cv::Size image_;
  std::vector<Displacement> nodes_;  ///< of that, row by row
  std::vector<Taps> columns_;
};

/// Displacements of grid x grid nodes, row by row and x before y: normal, independent.
/// @param sigma  standard deviation in pixels
std::vector<Displacement> DrawDisplacements(int grid, double sigma, RandomStream& random);

}  // namespace seglab
