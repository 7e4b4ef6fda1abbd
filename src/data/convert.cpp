#include "data/convert.h"

#include <torch/torch.h>

#include <cstring>
#include <opencv2/core.hpp>

namespace seglab {

at::Tensor ImageTensor(const cv::Mat& rgb) {
  at::Tensor tensor = at::empty({1, rgb.rows, rgb.cols, 3}, at::kByte);
  for (int y = 0; y < rgb.rows; ++y) {
    std::memcpy(tensor.data_ptr<uint8_t>() + static_cast<int64_t>(y) * rgb.cols * 3, rgb.ptr(y),
                static_cast<size_t>(rgb.cols) * 3);
  }
  return tensor;
}

cv::Mat ImageFromTensor(const at::Tensor& image) {
  const at::Tensor plain = (image.dim() == 4 ? image[0] : image).contiguous();
  const cv::Mat view(static_cast<int>(plain.size(0)), static_cast<int>(plain.size(1)), CV_8UC3,
                     plain.data_ptr<uint8_t>());
  return view.clone();
}

cv::Mat MaskFromTensor(const at::Tensor& mask) {
  const at::Tensor plain = (mask.dim() == 3 ? mask[0] : mask).contiguous();
  const cv::Mat view(static_cast<int>(plain.size(0)), static_cast<int>(plain.size(1)), CV_8UC1,
                     plain.data_ptr<uint8_t>());
  return view.clone();
}

}  // namespace seglab
