#pragma once

#include <ATen/core/Tensor.h>

#include <opencv2/core/mat.hpp>

namespace seglab {

/// (1, H, W, 3) uint8 from an R G B image. The pixels are copied.
at::Tensor ImageTensor(const cv::Mat& rgb);

/// H x W, CV_8UC3 from (H, W, 3) or (1, H, W, 3) uint8. The pixels are copied.
cv::Mat ImageFromTensor(const at::Tensor& image);

/// H x W, CV_8UC1 from (H, W) or (1, H, W) uint8. The pixels are copied.
cv::Mat MaskFromTensor(const at::Tensor& mask);

}  // namespace seglab
