#pragma once

#include <torch/nn/modules/conv.h>

#include <string>

#include "models/backbones/backbone.h"
#include "models/backbones/layers.h"

namespace seglab {

struct FcOptions {
  int64_t width = 4096;  ///< channels of fc6 and fc7
  int64_t fc6_kernel = 7;
  double dropout = 0.5;
  std::string fc6, fc7, fc8;  ///< names of these layers in the classifier
  NetworkTraits traits = {};
};

/// The trunk of a backbone that ends in fully connected layers, as AlexNet and VGG: fc6 as k x k
/// and fc7 as 1x1 convolution, each with ReLU and dropout (section 4.1 of FCN).
///
/// It also starts from a classifier with a larger fc6, as DeepLab does: of the window every s-th
/// row and column is kept (7x7 becomes 4x4 or 3x3), of the channels as many as fit, evenly spread,
/// fc7 losing the columns of the channels that fc6 has lost. A window that has no such s stays as
/// it is, and does not fit.
class FcTrunk : public Trunk {
 public:
  /// @param features  up to pool5, their last layer, with the maps of strides below 32 marked
  /// @param channels  of pool5
  /// @param walk  after pool5
  FcTrunk(StagedFeatures features, int64_t channels, FcOptions options, Geometry geometry,
          StrideWalk walk);
  FeatureMaps forward(const at::Tensor& image) override;
  SegModel::Start StartFromClassifier(const NamedTensors& source) const override;
  NetworkTraits Traits() const override { return options_.traits; }

 private:
  /// fc6's matrix as this trunk's kernel, subsampled where it is larger.
  at::Tensor Fc6Kernel(const at::Tensor& matrix) const;

  FcOptions options_;
  StagedFeatures features_;
  int64_t fc6_pad_begin_ = 0, fc6_pad_end_ = 0;
  torch::nn::Conv2d fc6_{nullptr}, fc7_{nullptr};
};

}  // namespace seglab
