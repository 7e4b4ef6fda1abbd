// AlexNet.
//   A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet Classification with Deep Convolutional Neural
//   Networks", NIPS 2012; the single tower: A. Krizhevsky, "One weird trick for parallelizing
//   convolutional neural networks", arXiv:1404.5997.
//
//             single tower (torchvision)     "caffe": CaffeNet
//   conv1     11x11/4 pad 2, 64              11x11/4, 96
//   pool1     3x3/2                          3x3/2 rounded up, LRN (5, 1e-4, 0.75)
//   conv2     5x5, 192                       5x5, 256, 2 groups
//   pool2     3x3/2                          3x3/2 rounded up, LRN
//   conv3-5   3x3, 384, 256, 256             3x3, 384, 384, 256; 4 and 5 in 2 groups
//   pool5     3x3/2                          3x3/2 rounded up
//   classifier: fc 4096, fc 4096, fc classes; dropout before (torchvision) or behind (CaffeNet)
//   each trunk:    fc6 as 6x6 and fc7 as 1x1 convolution (FCN, section 4.1);
//             maps: conv1 (stride 4), pool1 (8), pool2 (16), fc7 (32)
//
// CaffeNet's layers bear torchvision's names: conv1..5 are features.0, 3, 6, 8, 10; fc6..8 are
// classifier.1, 4, 6.
//
// Deviations:
//   - the trunk's dropout stands behind fc6 and fc7, as in FCN-AlexNet's reference code;
//   - the tight trunk pads conv1 by 5 and the pools by 1, so that cell i of a map of stride s lies
//     on pixel s * i; fc6's even window then looks half a cell ahead (pixel 32 i + 16);
//   - fresh weights are drawn after He et al. 2015 (fan in);
//   - `width`, `fc6_kernel` and `fc_width` are ours; at 1, 6 and 4096 the network is the published
//   one.

#include "models/backbones/alexnet.h"

#include <torch/torch.h>

#include "base/error.h"
#include "models/backbones/fc_trunk.h"
#include "models/backbones/layers.h"
#include "nn/fast_conv.h"
#include "nn/layer_tap.h"
#include "nn/option_checks.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

/// @param where  what the options are called in a message
void CheckPublished(const AlexNetOptions& options, const TrunkOptions& trunk,
                    const std::string& where) {
  if (!trunk.published_fcn || options.fc6_kernel == 6) return;
  throw Error(where, ".fc6_kernel: the published geometry's crops are for 6, found ",
              options.fc6_kernel, "; take \"geometry\": \"tight\"");
}

/// @param has_fc  whether fc6 and fc7 are its own; else their options are not recorded either
AlexNetOptions ReadAlexNetOptions(JsonReader& reader, bool has_fc = true) {
  AlexNetOptions options;
  reader.Get("caffe", options.caffe);
  reader.Get("width", options.width);
  if (has_fc) {
    reader.Get("fc6_kernel", options.fc6_kernel);
    reader.Get("fc_width", options.fc_width, 1, 65536);
    reader.Get("dropout", options.dropout);
  }
  options.Check(reader.path());
  return options;
}

int64_t Pool5Channels(const AlexNetOptions& options) { return ScaledChannels(256, options.width); }

int64_t FcWidth(const AlexNetOptions& options) {
  return options.fc_width > 0 ? options.fc_width : ScaledChannels(4096, options.width);
}

/// Numbered as torchvision numbers them; a pool's LRN shares its number.
class FeaturesMaker {
 public:
  FeaturesMaker(const AlexNetOptions& options, Geometry geometry, StrideWalk& walk)
      : options_(options), geometry_(geometry), walk_(walk) {}

  /// @param end  the nominal stride of the deepest map
  StagedFeatures Make(int end = 32) {
    const bool caffe = options_.caffe;
    Conv1(caffe ? 96 : 64);
    features_.Mark(4, in_, walk_);
    if (end == 4) return features_;
    PoolAndNorm(caffe);
    features_.Mark(8, in_, walk_);
    Conv(caffe ? 256 : 192, 5, caffe ? 2 : 1);
    if (end == 8) return Ended(end);
    PoolAndNorm(caffe);
    features_.Mark(16, in_, walk_);
    Conv(384, 3, 1);
    Conv(caffe ? 384 : 256, 3, caffe ? 2 : 1);
    Conv(256, 3, caffe ? 2 : 1);
    if (end == 16) return Ended(end);
    PoolAndNorm(false);
    return features_;
  }

 private:
  /// With the map before the next pool as the deepest.
  StagedFeatures Ended(int stride) {
    features_.Mark(stride, in_, walk_);
    return features_;
  }

  void Conv1(int64_t channels) {
    int64_t padding = 5;
    if (geometry_ == Geometry::kPublished) padding = 100;
    if (geometry_ == Geometry::kClassifier) padding = options_.caffe ? 0 : 2;
    const StrideWalk::Step step = walk_.Next(4);
    walk_.Shift(static_cast<double>(5 - padding));
    Add(CenteredConv(in_, ScaledChannels(channels, options_.width), 11, step).padding(padding));
  }

  void Conv(int64_t channels, int64_t kernel, int64_t groups) {
    const int64_t out = ScaledChannels(channels, options_.width);
    Add(CenteredConv(in_, out, kernel, walk_.Next(1)).groups(groups));
  }

  void Add(const nn::Conv2dOptions& conv) {
    features_.Add(FastConv2d(conv));
    features_.Add(nn::ReLU(nn::ReLUOptions(true)));
    in_ = conv.out_channels();
  }

  void PoolAndNorm(bool norm) {
    const bool ceil_mode = options_.caffe || geometry_ == Geometry::kPublished;
    const Pool pool = MakePool(3, ceil_mode, geometry_, walk_);
    if (!norm) {
      features_.Add(pool);
      return;
    }
    const auto lrn = nn::LocalResponseNormOptions(5).alpha(1e-4).beta(0.75).k(1);
    features_.Add(TensorSequential(pool, nn::LocalResponseNorm(lrn)));
  }

  const AlexNetOptions& options_;
  const Geometry geometry_;
  StrideWalk& walk_;
  StagedFeatures features_;
  int64_t in_ = 3;
};

/// Index by index torchvision's: dropout, fc6, relu, dropout, fc7, relu, fc8. CaffeNet has its
/// dropout behind fc6 and fc7 instead of before them.
TensorSequential MakeLinearLayers(const AlexNetOptions& options, int classes) {
  const int64_t fc = FcWidth(options), side = options.fc6_kernel;
  const auto dropout = [&](bool wanted) { return nn::Dropout(wanted ? options.dropout : 0.0); };
  return TensorSequential(
      dropout(!options.caffe), nn::Linear(Pool5Channels(options) * side * side, fc), nn::ReLU(),
      dropout(true), nn::Linear(fc, fc), TensorSequential(nn::ReLU(), dropout(options.caffe)),
      nn::Linear(fc, classes));
}

class AlexNetClassifier : public SegModel {
 public:
  AlexNetClassifier(const AlexNetOptions& options, int classes)
      : caffe_(options.caffe), side_(options.fc6_kernel), smallest_(options.caffe ? 39 : 63) {
    StrideWalk walk;
    features_ = register_module("features",
                                FeaturesMaker(options, Geometry::kClassifier, walk).Make().layers);
    classifier_ = register_module("classifier", MakeLinearLayers(options, classes));
    InitHe(*this);
    nn::init::normal_(named_parameters()["classifier.6.weight"], 0, 0.01);
  }

  SegOutput forward(const at::Tensor& image) override {
    return {Forward(classifier_, Features(image).flatten(1)), {}};
  }

  /// The pooled map, as torchvision: an identity at 224 (CaffeNet: 227) pixels.
  at::Tensor Features(const at::Tensor& image) override {
    CheckImage(image, "alexnet classifier", smallest_);
    return at::adaptive_avg_pool2d(Forward(features_, image), {side_, side_}).contiguous();
  }

  NetworkTraits Traits() const override { return CaffeTraits(caffe_); }

 private:
  bool caffe_;
  int64_t side_, smallest_;
  TensorSequential features_{nullptr}, classifier_{nullptr};
};

}  // namespace

void AlexNetOptions::Check(const std::string& where) const {
  CheckWidth(where, width);
  CheckRange(where, "fc6_kernel", fc6_kernel, 1, 15);
  CheckRange(where, "fc_width", fc_width, 0, 65536);
  CheckDropout(where, dropout);
}

std::shared_ptr<Trunk> MakeAlexNetTrunk(const AlexNetOptions& options, const TrunkOptions& trunk) {
  options.Check();
  trunk.Check();
  CheckPublished(options, trunk, "AlexNetOptions");
  const Geometry geometry = trunk.published_fcn ? Geometry::kPublished : Geometry::kTight;
  StrideWalk walk(trunk.output_stride);
  StagedFeatures features = FeaturesMaker(options, geometry, walk).Make(trunk.deepest);
  features.pooling_indices = trunk.pooling_indices;
  if (!HasFc(trunk)) {
    if (trunk.deepest == 32) features.Mark(32, Pool5Channels(options), walk);
    const HeadFcLayers fc = {"classifier.1", "classifier.4", FcWidth(options)};
    return std::make_shared<FcLessTrunk>(features, fc, CaffeTraits(options.caffe));
  }
  const FcOptions fc = {
      FcWidth(options), options.fc6_kernel, options.dropout,           "classifier.1",
      "classifier.4",   "classifier.6",     CaffeTraits(options.caffe)};
  return std::make_shared<FcTrunk>(features, Pool5Channels(options), fc, geometry, walk);
}

std::shared_ptr<SegModel> MakeAlexNetClassifier(const AlexNetOptions& options, int classes) {
  options.Check();
  return std::make_shared<AlexNetClassifier>(options, classes);
}

std::shared_ptr<Trunk> MakeAlexNetTrunk(const std::string&, JsonReader& reader,
                                        const TrunkOptions& trunk) {
  RefuseFcOptions(reader, trunk);
  const AlexNetOptions options = ReadAlexNetOptions(reader, HasFc(trunk));
  CheckPublished(options, trunk, reader.path());
  return MakeAlexNetTrunk(options, trunk);
}

std::shared_ptr<SegModel> MakeAlexNetClassifier(const std::string&, JsonReader& reader,
                                                int classes) {
  return MakeAlexNetClassifier(ReadAlexNetOptions(reader), classes);
}

}  // namespace seglab
