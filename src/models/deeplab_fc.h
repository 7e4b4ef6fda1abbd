#pragma once

#include <torch/nn/modules/conv.h>

#include <cstdint>
#include <string>
#include <vector>

#include "models/backbones/backbone.h"
#include "models/seg_model.h"
#include "nn/fast_conv.h"

namespace seglab {

/// DeepLab's head on a trunk whose classifier has fully connected layers: fc6 (k x k, dilated), fc7
/// and fc8 (1x1), ReLU and dropout behind the first two; with several rates one such branch for
/// each, whose scores are added (ASPP on VGG-16, figure 7 b of arXiv:1606.00915).
struct DeepLabFcOptions {
  int64_t in = 512;                   ///< channels of the trunk's last map
  int64_t kernel = 3;                 ///< side of fc6's window
  std::vector<int64_t> rates = {12};  ///< of fc6, in cells; even where the window is
  int64_t width = 1024;               ///< channels of fc6 and fc7
  double dropout = 0.5;
};

/// The layers, registered in the module that owns them: fc6, fc7, fc8, or with several rates
/// fc6.1, fc6.2 ... in their order (Caffe's fc6_1, fc6_2).
///
/// A window of k taps at rate r covers (k - 1) r + 1 cells, an odd number, and is centred on its
/// own cell: the map keeps its size. An even window has no tap there; at the even rates that
/// DeepLab gives it (4x4 at 4 and 8: taps at -6, -2, 2, 6 and at -12, -4, 4, 12) neither side is
/// longer.
class DeepLabFc {
 public:
  DeepLabFc(torch::nn::Module& owner, const DeepLabFcOptions& options, int classes);

  /// @param x  (N, in, h, w)
  /// @return (N, classes, h, w)
  at::Tensor Scores(const at::Tensor& x, bool training);

  /// Of a classifier of the trunk: fc6 and fc7, thinned out where they are smaller here (see
  /// backbones/fc_start.h), the same for every branch; fc8 is new. A trunk whose classifier has no
  /// such layers leaves all three new.
  /// @param start  with the trunk's part
  void AddStart(const NamedTensors& source, const Trunk& trunk, SegModel::Start& start) const;

 private:
  struct Branch {
    FastConv2d fc6{nullptr}, fc7{nullptr}, fc8{nullptr};
    std::string suffix;  ///< ".1", or "" where there is only one
  };

  DeepLabFcOptions options_;
  std::vector<Branch> branches_;
};

/// Channels of fc6 and fc7: `named`, or where that is 0 as many of the published ones as the trunk
/// has of VGG-16's 4096.
int64_t DeepLabFcWidth(int64_t named, int64_t published, const Trunk& trunk);

/// A layer that scores classes, from N(0, 0.01) and 0 as DeepLab's.
FastConv2d DeepLabScoreLayer(const torch::nn::Conv2dOptions& options);

/// "6,12,18,24", the trait "rates".
std::string RatesText(const std::vector<int64_t>& rates);

}  // namespace seglab
