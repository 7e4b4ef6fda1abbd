#pragma once

#include <cstdint>

namespace seglab {

/// How well objects are told apart, of all pairs of pixels; fractions, NaN where nothing is
/// defined. With p_ij pixels of true object j in predicted segment i, t_j and s_i those of each:
struct RandScore {
  double error = 0;  ///< 1 - sum p_ij^2 / (1/2 sum s_i^2 + 1/2 sum t_j^2)
  double split = 0;  ///< sum p_ij^2 / sum t_j^2: of pairs in one object, the part in one segment
  double merge = 0;  ///< sum p_ij^2 / sum s_i^2: of pairs in one segment, the part in one object
};

/// Scores of objects that touch each other, such as cells in electron micrographs: the
/// foreground-restricted Rand score of the ISBI 2012 challenge (I. Arganda-Carreras et al.,
/// "Crowdsourcing the creation of image segmentation algorithms for connectomics", Frontiers in
/// Neuroanatomy 9:142, 2015, section 3.2.1, alpha 1/2), and the part of wrong pixels.
///
/// Objects, of the truth, and segments, of the prediction, are the parts of one class that are
/// connected over sides of pixels; all other classes are boundary. Pixels of true objects alone
/// are counted. Predicted boundary among them is a segment of its own for each pixel, as in the
/// challenge SNEMI3D's script (scikit-image's adapted_rand_error makes one segment of it all).
/// With thin boundaries segments grow into the predicted boundary until they touch, see GrowParts:
/// then its width costs nothing, only splits and mergers do. Nothing is warped, and the challenge's
/// search for the best threshold is none of it.
///
/// Void parts objects and segments and no segment grows through it: what is predicted there changes
/// nothing. A data set's scores are the means over its images. An image without true objects has no
/// Rand score, one of void alone has none at all.
class RandScores {
 public:
  /// @param object_class  of both maps
  explicit RandScores(int object_class) : object_class_(object_class) {}

  /// @param truth, labels  height x width; truth may be kIgnoreLabel
  void Add(const uint8_t* truth, const uint8_t* labels, int64_t height, int64_t width);

  double PixelError() const;                  ///< labels that are not the truth's, of all but void
  RandScore Mean() const;                     ///< of predictions as they are
  RandScore MeanThin() const;                 ///< with thin boundaries
  int64_t images() const { return images_; }  ///< that have objects

 private:
  int object_class_;
  int64_t known_images_ = 0, images_ = 0;
  double pixel_error_ = 0;
  RandScore sum_, thin_sum_;
};

}  // namespace seglab
