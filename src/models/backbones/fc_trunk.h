#pragma once

#include <torch/nn/modules/conv.h>

#include <optional>
#include <string>

#include "models/backbones/backbone.h"
#include "models/backbones/layers.h"
#include "nn/fast_conv.h"

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
/// It also starts from a classifier with a larger fc6: see fc_start.h.
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
  FcOptions options_;
  StagedFeatures features_;
  int64_t fc6_pad_begin_ = 0, fc6_pad_end_ = 0;
  FastConv2d fc6_{nullptr}, fc7_{nullptr};
};

/// The same without fc6 and fc7 (TrunkOptions::fc, deeplab, deepest): pool5 has the nominal
/// stride 32.
class FcLessTrunk : public StagedTrunk {
 public:
  /// @param features  with pool5, or what a cut trunk ends with, marked
  /// @param fc  of the classifier
  FcLessTrunk(StagedFeatures features, HeadFcLayers fc, NetworkTraits traits);
  std::optional<HeadFcLayers> HeadFc() const override { return fc_; }

 private:
  HeadFcLayers fc_;
};

/// Whether VGG and AlexNet have fc6 and fc7 in such a trunk.
bool HasFc(const TrunkOptions& trunk);

/// @throws Error where a backbone's options name something of the layers that such a trunk has not:
/// "fc6_kernel", "fc_width", "dropout"
void RefuseFcOptions(JsonReader& options, const TrunkOptions& trunk);

}  // namespace seglab
