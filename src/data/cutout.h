#pragma once

#include "base/random.h"
#include "data/dataset.h"

namespace seglab {

/// Squares that are cut out of an image (T. DeVries, G. Taylor, "Improved regularization of
/// convolutional neural networks with cutout", arXiv:1708.04552): the centre is any pixel, so that
/// a square may reach beyond the image, as in the paper.
struct CutoutOptions {
  int holes = 1;
  double min = 0.1;        ///< the side is uniform between these, as part of the image's
  double max = 0.3;        ///< shorter side; rounded to pixels, at least one
  bool void_label = true;  ///< nothing is to be learnt there; false: labels stay
};

/// @param fill  color of the squares
void CutOut(Sample& sample, const CutoutOptions& options, const Color& fill, RandomStream& random);

}  // namespace seglab
