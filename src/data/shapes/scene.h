#pragma once

#include <opencv2/core/mat.hpp>

#include "base/random.h"
#include "data/shapes/draw.h"
#include "data/shapes/raster.h"

namespace seglab::shapes {

/// A picture in the making: backdrop first, then objects, each over what stands there.
class Scene {
 public:
  /// @param void_border  surround each object with kIgnoreLabel
  Scene(int height, int width, bool void_border);

  /// Sky and ground, a wall, clouds, ... with a little clutter that is no object.
  void PaintBackdrop(RandomStream& random);
  /// Two to seven objects of all sizes.
  void PaintObjects(RandomStream& random);
  /// One object that fills much of the picture. @param kind  index into Kinds()
  void PaintPortrait(int kind, RandomStream& random);
  void Finish(RandomStream& random) { Photograph(image_, random); }

  const cv::Mat& image() const { return image_; }
  const cv::Mat& label() const { return label_; }

 private:
  void PaintRegion(const Coverage& region, const Color& color, RandomStream& random);
  void PaintClutter(RandomStream& random);
  void PaintObject(int kind, const Placement& placement, RandomStream& random);
  /// Marks the pixels of `object_` as `label`, those around them as void.
  void Stamp(uint8_t label);
  Color ColorAround(const Placement& placement) const;

  int height_;
  int width_;
  int side_;  ///< the shorter side, pixel units: the measure of all lengths
  bool void_border_;
  cv::Mat image_;
  cv::Mat label_;
  Rasterizer rasterizer_;
  cv::Mat object_;  ///< coverage of the object being painted
  cv::Rect box_;    ///< where object_ is not zero
};

}  // namespace seglab::shapes
