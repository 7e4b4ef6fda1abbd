#include "data/frame.h"

#include <opencv2/core.hpp>

#include "data/resample.h"

namespace seglab {

Frame::Frame(const cv::Size& image)
    : image_(image), resized_(image), window_({0, 0}, image), visible_(window_) {}

bool Frame::IsCut() const {
  const cv::Rect whole({0, 0}, resized_);
  return window_ != whole || visible_ != whole;
}

void Frame::Resize(int height, int width) {
  CV_Assert(!IsCut());
  resized_ = {width, height};
  window_ = visible_ = cv::Rect({0, 0}, resized_);
}

void Frame::Flip() {
  flipped_ = !flipped_;
  window_.x = resized_.width - window_.x - window_.width;
  visible_.x = resized_.width - visible_.x - visible_.width;
}

void Frame::Crop(int x, int y, int height, int width) {
  window_ = {window_.x + x, window_.y + y, width, height};
  visible_ &= window_;
}

cv::Mat Frame::Padded(const cv::Mat& inner, const cv::Scalar& value) const {
  if (visible_ == window_) return inner;
  cv::Mat out(window_.size(), inner.type(), value);
  if (!visible_.empty()) inner.copyTo(out(visible_ - window_.tl()));
  return out;
}

void Frame::Apply(Sample& sample, const Color& fill) const {
  const bool some = !visible_.empty();
  sample.image =
      Padded(some ? ResampleWindow(sample.image, resized_, visible_, flipped_) : sample.image,
             cv::Scalar(fill[0], fill[1], fill[2]));
  if (!sample.truth.HasLabelMap()) return;
  cv::Mat& label = sample.truth.LabelMap();
  label = Padded(some ? ResampleLabels(label, resized_, visible_, flipped_) : label,
                 cv::Scalar(kIgnoreLabel));
}

}  // namespace seglab
