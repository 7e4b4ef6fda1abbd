#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <string>
#include <vector>

#include "nn/sequential.h"

namespace seglab {

/// Convolution without bias that keeps sizes (odd kernel), batch norm, ReLU: children 0, 1, 2.
TensorSequential ConvBnRelu(int64_t in, int64_t out, int64_t kernel, int64_t dilation = 1);

/// The same in two: depthwise, batch norm, ReLU, 1x1, batch norm, ReLU (section 3.1 of DeepLab v3+,
/// arXiv:1802.02611): children 0 to 5.
TensorSequential SeparableConvBnRelu(int64_t in, int64_t out, int64_t kernel, int64_t dilation = 1);

/// What `branch` makes of the mean over the map, spread over the map again.
/// @param branch  begins with a global pooling or takes a 1x1 map, ends with a 1x1 map
/// @throws Error when its batch norm would have to normalise a single value
at::Tensor ImageLevel(TensorSequential& branch, const at::Tensor& x);

struct AsppOptions {
  int64_t in = 2048, out = 256;               ///< channels
  std::vector<int64_t> rates = {12, 24, 36};  ///< dilations of the 3x3 branches
  double dropout = 0.5;                       ///< behind the projection, 0..0.95
  bool image_level = true;                    ///< the image's mean beside the branches
  bool separable = false;                     ///< the 3x3 branches as SeparableConvBnRelu

  /// @param where  what the options are called in a message
  /// @throws Error naming the member that is out of range
  void Check(const std::string& where = "AsppOptions") const;
};

/// Atrous spatial pyramid pooling with image-level features (section 3.3 of DeepLab v3,
/// arXiv:1706.05587): a 1x1 convolution, dilated 3x3 ones and the image's mean side by side,
/// projected by a 1x1 convolution. Names are torchvision's: convs.0 .. convs.4, project.
class AsppImpl : public torch::nn::Module {
 public:
  /// @throws Error when the options are wrong
  explicit AsppImpl(const AsppOptions& options);
  /// @param x  (N, in, h, w)
  /// @return (N, out, h, w)
  at::Tensor forward(const at::Tensor& x);

 private:
  bool has_image_level_ = false;
  std::vector<TensorSequential> branches_;  ///< the last one is the image's, where it has one
  TensorSequential project_{nullptr};
};
TORCH_MODULE(Aspp);

}  // namespace seglab
