// SqueezeNet 1.0 and 1.1.
//   F. Iandola, S. Han, M. Moskewicz, K. Ashraf, W. Dally, K. Keutzer, "SqueezeNet: AlexNet-level
//   accuracy with 50x fewer parameters", arXiv:1602.07360; 1.1: the authors' release notes.
//
//   fire(s, e): conv 1x1 s, relu, then side by side conv 1x1 e and conv 3x3 e, relu
//   1.0  conv 7x7/2 96, pool, fire x 3 (16, 64 | 16, 64 | 32, 128), pool,
//        fire x 4 (32, 128 | 48, 192 | 48, 192 | 64, 256), pool, fire (64, 256)
//   1.1  conv 3x3/2 64, pool, fire x 2 (16, 64), pool, fire x 2 (32, 128), pool,
//        fire x 4 (48, 192 | 48, 192 | 64, 256 | 64, 256)
//   pools 3x3/2 rounded up; classifier: dropout, conv 1x1 classes, relu, mean over the map
//   trunk: maps: conv1 (stride 2) and the last fire before each pool (4, 8, 16)
//
// Deviations:
//   - the network ends at stride 16. At output stride 32 the trunk pools once more, as between its
//     stages, so that strides mean the same on all backbones; at 16 and below it does not, and map
//     32 is map 16;
//   - the trunk pads the first convolution (by half its kernel) and the pools (by 1), so that cell
//     i of a map of stride s lies on pixel s * i; the classifier is unpadded as published;
//   - fresh weights are drawn after He et al. 2015 (fan in), and the scores' bias begins at
//     kScoreBias; `width` is ours.

#include "models/backbones/squeezenet.h"

#include <torch/torch.h>

#include <array>
#include <vector>

#include "models/backbones/layers.h"
#include "nn/fast_conv.h"
#include "nn/layer_tap.h"
#include "nn/option_checks.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

class FireImpl : public nn::Module {
 public:
  /// @param expand  channels of each of the two expansions
  FireImpl(int64_t in, int64_t squeeze, int64_t expand, const StrideWalk::Step& step) {
    squeeze_ = register_module("squeeze", FastConv2d(nn::Conv2dOptions(in, squeeze, 1)));
    expand1x1_ = register_module("expand1x1", FastConv2d(nn::Conv2dOptions(squeeze, expand, 1)));
    expand3x3_ = register_module("expand3x3", FastConv2d(CenteredConv(squeeze, expand, 3, step)));
  }

  at::Tensor forward(const at::Tensor& x) {
    const auto relu = Activation::kRelu;
    const at::Tensor squeezed = ForwardConv(squeeze_, nullptr, x, relu);
    return at::cat({ForwardConv(expand1x1_, nullptr, squeezed, relu),
                    ForwardConv(expand3x3_, nullptr, squeezed, relu)},
                   1);
  }

 private:
  FastConv2d squeeze_{nullptr}, expand1x1_{nullptr}, expand3x3_{nullptr};
};
TORCH_MODULE(Fire);

struct FireSize {
  int64_t squeeze, expand;
};

/// One version: the first convolution, then the fires of strides 4, 8 and 16.
struct Version {
  int64_t kernel, channels;
  std::array<std::vector<FireSize>, 3> stages;
};

Version VersionOf(const std::string& name) {
  const FireSize a{16, 64}, b{32, 128}, c{48, 192}, d{64, 256};
  if (name == "squeezenet1_0") return {7, 96, {{{a, a, b}, {b, c, c, d}, {d}}}};
  return {3, 64, {{{a, a}, {b, b}, {c, c, d, d}}}};
}

constexpr int64_t kLastChannels = 512;

/// Of fresh scores. They end in a ReLU, behind which a score that is negative everywhere learns no
/// more, and fresh features are so much alike at all places of all images that without bias every
/// second class is; the others follow, and the loss stays at ln(classes). Softmax does not see what
/// all classes have in common.
constexpr double kScoreBias = 3;

StagedFeatures MakeFeatures(const std::string& name, double width, Geometry geometry,
                            StrideWalk& walk) {
  const Version version = VersionOf(name);
  StagedFeatures features;
  int64_t in = ScaledChannels(version.channels, width);
  const int64_t padding = geometry == Geometry::kTight ? version.kernel / 2 : 0;
  const StrideWalk::Step step = walk.Next(2);
  walk.Shift(static_cast<double>(version.kernel / 2 - padding));
  features.Add(FastConv2d(CenteredConv(3, in, version.kernel, step).padding(padding)));
  features.Add(nn::ReLU(nn::ReLUOptions(true)));
  features.Mark(2, in, walk);
  int stride = 2;
  for (const std::vector<FireSize>& stage : version.stages) {
    features.Add(MakePool(3, /*ceil_mode=*/true, geometry, walk));
    stride *= 2;
    for (const FireSize& size : stage) {
      const int64_t expand = ScaledChannels(size.expand, width);
      features.Add(Fire(in, ScaledChannels(size.squeeze, width), expand, walk.Next(1)));
      in = 2 * expand;
    }
    features.Mark(stride, in, walk);
  }
  return features;
}

class SqueezeNetClassifier : public SegModel {
 public:
  SqueezeNetClassifier(const std::string& name, const SqueezeNetOptions& options, int classes)
      : name_(name) {
    StrideWalk walk;
    features_ = register_module(
        "features", MakeFeatures(name, options.width, Geometry::kClassifier, walk).layers);
    FastConv2d last(
        nn::Conv2dOptions(2 * ScaledChannels(kLastChannels / 2, options.width), classes, 1));
    classifier_ = register_module("classifier",
                                  TensorSequential(nn::Dropout(options.dropout), last, nn::ReLU()));
    InitHe(*this);
    nn::init::normal_(last->weight, 0, 0.01);
    nn::init::constant_(last->bias, kScoreBias);
  }

  SegOutput forward(const at::Tensor& image) override {
    return {Forward(classifier_, Features(image)).mean({2, 3}), {}};
  }

  at::Tensor Features(const at::Tensor& image) override {
    CheckImage(image, name_ + " classifier", name_ == "squeezenet1_0" ? 21 : 17);
    return Forward(features_, image);
  }

 private:
  std::string name_;
  TensorSequential features_{nullptr}, classifier_{nullptr};
};

void CheckSqueezeNetName(const std::string& name) {
  CheckBackbone(name, {"squeezenet1_0", "squeezenet1_1"});
}

}  // namespace

void SqueezeNetOptions::Check(const std::string& where) const {
  CheckWidth(where, width);
  CheckDropout(where, dropout);
}

std::shared_ptr<Trunk> MakeSqueezeNetTrunk(const std::string& name,
                                           const SqueezeNetOptions& options,
                                           const TrunkOptions& trunk) {
  CheckSqueezeNetName(name);
  options.Check();
  trunk.Check();
  RefusePublished(name, trunk);
  StrideWalk walk(trunk.output_stride);
  StagedFeatures features = MakeFeatures(name, options.width, Geometry::kTight, walk);
  features.pooling_indices = trunk.pooling_indices;
  const int64_t channels = features.maps.at(16).channels;
  if (trunk.output_stride == 32) {
    features.Add(MakePool(3, /*ceil_mode=*/true, Geometry::kTight, walk));
  }
  features.Mark(32, channels, walk);
  features.EndAt(trunk.deepest);
  return std::make_shared<StagedTrunk>(features);
}

std::shared_ptr<SegModel> MakeSqueezeNetClassifier(const std::string& name,
                                                   const SqueezeNetOptions& options, int classes) {
  CheckSqueezeNetName(name);
  options.Check();
  return std::make_shared<SqueezeNetClassifier>(name, options, classes);
}

std::shared_ptr<Trunk> MakeSqueezeNetTrunk(const std::string& name, JsonReader& reader,
                                           const TrunkOptions& trunk) {
  SqueezeNetOptions options;
  reader.Get("width", options.width);
  options.Check(reader.path());
  return MakeSqueezeNetTrunk(name, options, trunk);
}

std::shared_ptr<SegModel> MakeSqueezeNetClassifier(const std::string& name, JsonReader& reader,
                                                   int classes) {
  SqueezeNetOptions options;
  reader.Get("width", options.width);
  reader.Get("dropout", options.dropout);
  options.Check(reader.path());
  return MakeSqueezeNetClassifier(name, options, classes);
}

}  // namespace seglab
