#include "data/cutout.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>

namespace seglab {

void CutOut(Sample& sample, const CutoutOptions& options, const Color& fill, RandomStream& random) {
  const bool has_hole = sample.truth.HasLabelMap() && options.void_label;
  const cv::Rect whole({0, 0}, sample.image.size());
  sample.image = sample.image.clone();  // others may share the pixels
  if (has_hole) sample.truth.LabelMap() = sample.truth.LabelMap().clone();
  for (int hole = 0; hole < options.holes; ++hole) {
    const double part = random.Uniform(options.min, options.max);
    const int side =
        std::max(1, static_cast<int>(std::lround(part * std::min(whole.width, whole.height))));
    const int x = static_cast<int>(random.Int(whole.width));
    const int y = static_cast<int>(random.Int(whole.height));
    const cv::Rect square = cv::Rect(x - side / 2, y - side / 2, side, side) & whole;
    sample.image(square).setTo(cv::Scalar(fill[0], fill[1], fill[2]));
    if (has_hole) sample.truth.LabelMap()(square).setTo(cv::Scalar(kIgnoreLabel));
  }
}

}  // namespace seglab
