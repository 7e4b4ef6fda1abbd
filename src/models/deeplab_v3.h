#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "models/backbones/backbone.h"
#include "models/multi_scale.h"
#include "models/seg_model.h"
#include "nn/aspp.h"

namespace seglab {

/// What DeepLab v3 and v3+ share: a trunk with dilation and a pyramid of atrous windows on it.
struct DeepLabV3Options {
  Json backbone = "resnet101";  ///< a name, or an object with "name"
  int output_stride = 16;       ///< 32, 16, 8 or 4; published 16 in training, 8 in evaluation too
  /// Dilations of the pyramid's 3x3 windows, in cells of the map, 1..64, at most 16 of them; none:
  /// 96, 192 and 288 pixels, which are {6, 12, 18} at output stride 16, {12, 24, 36} at 8.
  std::vector<int64_t> rates = {};
  /// Factors on the dilation of the blocks of a ResNet's layer4; none: 1, 2, 4 on a ResNet below
  /// output stride 32. {1, 1, 1}: without.
  std::vector<int64_t> multi_grid = {};
  bool image_pooling = true;  ///< the image's mean as a branch of the pyramid
  int64_t channels = 256;     ///< of each branch, 1..4096
  double dropout = 0.1;       ///< behind the pyramid's projection, 0..0.95
  MultiScaleOptions scales;   ///< none: the image's own
  bool separable = false;     ///< depthwise separable 3x3 windows; v3+ has them in its decoder too
  std::string path = "DeepLabV3Options";  ///< names the options in messages

  /// The backbone's options are checked when it is made.
  /// @throws Error naming the member that is wrong
  void Check(const std::string& where = "DeepLabV3Options") const;
  /// Reads backbone, output_stride, rates, multi_grid, image_pooling, channels, dropout, scales and
  /// separable from `reader`.
  void Read(JsonReader& reader);

  std::shared_ptr<Trunk> MakeBackbone() const;
  /// @param in  channels of the trunk's deepest map
  AsppOptions Pyramid(int64_t in) const;
  /// What of the trunk's and the pyramid's dilation is not the published one.
  NetworkTraits Traits(const Trunk& trunk) const;
  /// The rates of the pyramid.
  std::vector<int64_t> Rates() const;
};

/// @throws Error when the options are wrong
std::shared_ptr<SegModel> MakeDeepLabV3(const DeepLabV3Options& options, int classes);
std::shared_ptr<SegModel> MakeDeepLabV3(JsonReader& reader, int classes);

}  // namespace seglab
