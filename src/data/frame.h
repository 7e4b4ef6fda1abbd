#pragma once

#include <opencv2/core/mat.hpp>
#include <opencv2/core/types.hpp>

#include "data/dataset.h"

namespace seglab {

/// What a chain of resizing, mirroring, cropping and padding leaves of an image, kept as geometry:
/// the pixels are made once, at the end, and only those that are left.
class Frame {
 public:
  explicit Frame(const cv::Size& image);

  cv::Size size() const { return window_.size(); }
  /// Whether a part of the image has been cut away or added, so that it cannot be resized any more.
  bool IsCut() const;
  /// Not when IsCut().
  void Resize(int height, int width);
  /// Mirrors left-right.
  void Flip();
  /// Takes the window of height x width at (x, y); what lies right of and below the frame is
  /// padding.
  void Crop(int x, int y, int height, int width);

  /// Makes image and label map of what they were when the frame was made.
  /// @param fill  of padded pixels; labels there are kIgnoreLabel
  void Apply(Sample& sample, const Color& fill) const;

 private:
  cv::Mat Padded(const cv::Mat& inner, const cv::Scalar& value) const;

  cv::Size image_, resized_;
  bool flipped_ = false;
  cv::Rect window_;   ///< the frame, in the resized and mirrored image and beyond
  cv::Rect visible_;  ///< of the resized and mirrored image: outside of it is padding
};

}  // namespace seglab
