#include "data/blur.h"

#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace seglab {

cv::Mat Blurred(const cv::Mat& image, double sigma) {
  const int radius = static_cast<int>(4 * sigma + 0.5);
  if (radius == 0) return image;
  cv::Mat kernel(1, 2 * radius + 1, CV_64FC1);
  for (int i = -radius; i <= radius; ++i)
    kernel.at<double>(i + radius) = std::exp(-0.5 * (i / sigma) * (i / sigma));
  kernel /= cv::sum(kernel)[0];
  kernel.convertTo(kernel, CV_32F);
  // In floating point: on bytes OpenCV rounds the weights to 256ths. The copy has no pixels around
  // it either, which a filter would see where the image is a part of another.
  cv::Mat values, blurred, result;
  image.convertTo(values, CV_32F);
  cv::sepFilter2D(values, blurred, CV_32F, kernel, kernel, {-1, -1}, 0, cv::BORDER_REFLECT_101);
  blurred.convertTo(result, CV_8U);
  return result;
}

}  // namespace seglab
