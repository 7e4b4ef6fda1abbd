// GoogLeNet (Inception v1).
//   C. Szegedy, W. Liu, Y. Jia, P. Sermanet, S. Reed, D. Anguelov, D. Erhan, V. Vanhoucke,
//   A. Rabinovich, "Going Deeper with Convolutions", CVPR 2015, arXiv:1409.4842, table 1.
//
//   conv1 7x7/2 64, pool 3x3/2, conv2 1x1 64, conv3 3x3 192, pool 3x3/2
//   inception 3a 3b, pool 3x3/2, 4a 4b 4c 4d 4e, pool 2x2/2, 5a 5b
//   inception:  branch1  conv 1x1
//               branch2  conv 1x1, conv 3x3
//               branch3  conv 1x1, conv 5x5       side by side
//               branch4  pool 3x3/1, conv 1x1
//   classifier  mean over the map, dropout, fc classes
//   aux_loss    (training only) behind 4a and 4d: mean to 4x4, conv 1x1 128, fc 1024, dropout 0.7,
//               fc classes
//   trunk: maps: conv1 (stride 2), conv3 (4), 3b (8), 4e (16), 5b (32)
//
// As in torchvision every convolution has batch norm (eps 0.001) and no bias, and "5x5" is 3x3.
// "caffe" is BVLC's network under the same names: biases instead of batch norm, 5x5 kernels, LRN
// (5, 1e-4, 0.75) behind the first and before the second pool, 3x3 for the last pool.
//
// Deviations:
//   - the two auxiliary heads give one output, the mean of their log probabilities (torchvision
//     returns both, each to be weighted with 0.3);
//   - the auxiliary heads of "caffe" pool to 4x4 at every size, BVLC's 5x5/3 windows only at 224;
//   - the tight trunk pads the 3x3/2 pools by 1 instead of rounding up, so that cell i of a map of
//     stride s lies on pixel s * i; behind the 2x2 pool it lies on 32 i + 8;
//   - fresh weights are drawn after He et al. 2015 (torchvision: normal, 0.01);
//   - `width` is ours.

#include "models/backbones/googlenet.h"

#include <torch/torch.h>

#include <array>
#include <utility>
#include <vector>

#include "base/error.h"
#include "models/backbones/layers.h"
#include "nn/batch_norm.h"
#include "nn/fast_conv.h"
#include "nn/layer_tap.h"
#include "nn/option_checks.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

/// Convolution, batch norm (not with `caffe`), ReLU.
class UnitImpl : public nn::Module {
 public:
  UnitImpl(const nn::Conv2dOptions& conv, bool caffe) {
    conv_ = register_module("conv", FastConv2d(nn::Conv2dOptions(conv).bias(caffe)));
    if (caffe) return;
    bn_ =
        register_module("bn", BatchNorm2d(nn::BatchNorm2dOptions(conv.out_channels()).eps(0.001)));
  }

  at::Tensor forward(const at::Tensor& x) { return ForwardConv(conv_, bn_, x, Activation::kRelu); }

 private:
  FastConv2d conv_{nullptr};
  BatchNorm2d bn_{nullptr};
};
TORCH_MODULE(Unit);

/// Channels of the branches; before the 3x3 and the 5x5 they are reduced to `before3` and
/// `before5`.
struct InceptionSize {
  int64_t branch1, before3, branch2, before5, branch3, branch4;

  InceptionSize Scaled(double width) const {
    auto s = [width](int64_t channels) { return ScaledChannels(channels, width); };
    return {s(branch1), s(before3), s(branch2), s(before5), s(branch3), s(branch4)};
  }
  int64_t Channels() const { return branch1 + branch2 + branch3 + branch4; }
};

class InceptionImpl : public nn::Module {
 public:
  InceptionImpl(int64_t in, const InceptionSize& size, bool caffe, const StrideWalk::Step& step) {
    const auto unit = [&](int64_t from, int64_t to, int64_t kernel) {
      return Unit(CenteredConv(from, to, kernel, step), caffe);
    };
    const PoolOptions pool{3, 1, step.dilation, step.dilation, step.dilation};
    branch1_ = register_module("branch1", unit(in, size.branch1, 1));
    branch2_ = register_module("branch2", TensorSequential(unit(in, size.before3, 1),
                                                           unit(size.before3, size.branch2, 3)));
    branch3_ = register_module("branch3",
                               TensorSequential(unit(in, size.before5, 1),
                                                unit(size.before5, size.branch3, caffe ? 5 : 3)));
    branch4_ = register_module("branch4", TensorSequential(Pool(pool), unit(in, size.branch4, 1)));
  }

  at::Tensor forward(const at::Tensor& x) {
    return at::cat(
        {Forward(branch1_, x), Forward(branch2_, x), Forward(branch3_, x), Forward(branch4_, x)},
        1);
  }

 private:
  Unit branch1_{nullptr};
  TensorSequential branch2_{nullptr}, branch3_{nullptr}, branch4_{nullptr};
};
TORCH_MODULE(Inception);

struct Row {
  const char* name;
  InceptionSize size;
};

constexpr std::array<Row, 9> kInceptions = {{{"inception3a", {64, 96, 128, 16, 32, 32}},
                                             {"inception3b", {128, 128, 192, 32, 96, 64}},
                                             {"inception4a", {192, 96, 208, 16, 48, 64}},
                                             {"inception4b", {160, 112, 224, 24, 64, 64}},
                                             {"inception4c", {128, 128, 256, 24, 64, 64}},
                                             {"inception4d", {112, 144, 288, 32, 64, 64}},
                                             {"inception4e", {256, 160, 320, 32, 128, 128}},
                                             {"inception5a", {256, 160, 320, 32, 128, 128}},
                                             {"inception5b", {384, 192, 384, 48, 128, 128}}}};
constexpr size_t k3b = 1, k4a = 2, k4d = 5, k4e = 6, k5b = 8;

/// The layers up to 5b, registered in the module that owns them.
class Body {
 public:
  struct Map {
    int64_t channels;
    MapGrid grid;
  };

  /// @param deepest  nominal stride of the last map
  Body(nn::Module& owner, const GoogLeNetOptions& options, Geometry geometry, StrideWalk walk,
       bool pooling_indices = false, int deepest = 32)
      : options_(options), pooling_indices_(pooling_indices) {
    const bool caffe = options.caffe;
    const int64_t c64 = ScaledChannels(64, options.width),
                  c192 = ScaledChannels(192, options.width);
    conv1_ = owner.register_module("conv1", Unit(CenteredConv(3, c64, 7, walk.Next(2)), caffe));
    maps[2] = {c64, walk.grid()};
    pool1_ = MakePool(3, /*ceil_mode=*/true, geometry, walk);
    conv2_ = owner.register_module("conv2", Unit(CenteredConv(c64, c64, 1, walk.Next(1)), caffe));
    conv3_ = owner.register_module("conv3", Unit(CenteredConv(c64, c192, 3, walk.Next(1)), caffe));
    maps[4] = {c192, walk.grid()};
    if (deepest == 4) return;
    pool2_ = MakePool(3, /*ceil_mode=*/true, geometry, walk);
    int64_t in = c192;
    for (size_t i = 0; i < kInceptions.size(); ++i) {
      const InceptionSize size = kInceptions[i].size.Scaled(options.width);
      inceptions_.push_back(
          owner.register_module(kInceptions[i].name, Inception(in, size, caffe, walk.Next(1))));
      in = size.Channels();
      channels.push_back(in);
      if (i == k3b) {
        maps[8] = {in, walk.grid()};
        if (deepest == 8) return;
        pool3_ = MakePool(3, /*ceil_mode=*/true, geometry, walk);
      } else if (i == k4e) {
        maps[16] = {in, walk.grid()};
        if (deepest == 16) return;
        pool4_ = MakePool(caffe ? 3 : 2, /*ceil_mode=*/true, geometry, walk);
      }
    }
    maps[32] = {in, walk.grid()};
  }

  /// @param behind_4a, behind_4d  where these maps go; may be nullptr
  FeatureMaps Run(const at::Tensor& image, at::Tensor* behind_4a, at::Tensor* behind_4d) {
    FeatureMaps found;
    found[2].values = Forward(conv1_, Transformed(image));
    FeatureMap x = pool1_->Pooled(found[2].values, pooling_indices_);
    x.values = Forward(conv3_, Forward(conv2_, Normalized(x.values)));
    found[4] = x;
    if (!pool2_) return found;
    x = pool2_->Pooled(Normalized(x.values), pooling_indices_);
    for (size_t i = 0; i < inceptions_.size(); ++i) {
      x.values = Forward(inceptions_[i], x.values);
      if (i == k4a && behind_4a != nullptr) *behind_4a = x.values;
      if (i == k4d && behind_4d != nullptr) *behind_4d = x.values;
      if (i == k3b) {
        found[8] = x;
        if (!pool3_) return found;
        x = pool3_->Pooled(x.values, pooling_indices_);
      } else if (i == k4e) {
        found[16] = x;
        if (!pool4_) return found;
        x = pool4_->Pooled(x.values, pooling_indices_);
      }
    }
    found[32] = x;
    return found;
  }

  std::map<int, Map> maps;
  std::vector<int64_t> channels;  ///< of the inceptions, in order

 private:
  at::Tensor Normalized(const at::Tensor& x) const {
    if (!options_.caffe) return x;
    return nn::functional::local_response_norm(
        x, nn::functional::LocalResponseNormFuncOptions(5).alpha(1e-4).beta(0.75).k(1));
  }

  /// (pixel - mean) / std of ImageNet becomes (pixel - 0.5) / 0.5.
  at::Tensor Transformed(const at::Tensor& image) const {
    if (!options_.transform_input) return image;
    const auto row = [&](const std::array<double, 3>& v) {
      return torch::tensor({v[0], v[1], v[2]}, at::kDouble).view({1, 3, 1, 1}).to(image.options());
    };
    const at::Tensor scale = row({0.229 / 0.5, 0.224 / 0.5, 0.225 / 0.5});
    const at::Tensor shift = row({(0.485 - 0.5) / 0.5, (0.456 - 0.5) / 0.5, (0.406 - 0.5) / 0.5});
    return image * scale + shift;
  }

  GoogLeNetOptions options_;
  bool pooling_indices_;
  Unit conv1_{nullptr}, conv2_{nullptr}, conv3_{nullptr};
  Pool pool1_{nullptr}, pool2_{nullptr}, pool3_{nullptr}, pool4_{nullptr};
  std::vector<Inception> inceptions_;
};

class AuxHeadImpl : public nn::Module {
 public:
  AuxHeadImpl(int64_t in, const GoogLeNetOptions& options, int classes) {
    const int64_t channels = ScaledChannels(128, options.width),
                  hidden = ScaledChannels(1024, options.width);
    conv_ = register_module("conv", Unit(nn::Conv2dOptions(in, channels, 1), options.caffe));
    fc1_ = register_module("fc1", nn::Linear(16 * channels, hidden));
    fc2_ = register_module("fc2", nn::Linear(hidden, classes));
  }

  at::Tensor forward(const at::Tensor& x) {
    const at::Tensor pooled = Forward(conv_, at::adaptive_avg_pool2d(x, {4, 4}));
    const at::Tensor hidden = Forward(fc1_, pooled.contiguous().flatten(1)).relu_();
    return Forward(fc2_, at::dropout(hidden, 0.7, is_training()));
  }

 private:
  Unit conv_{nullptr};
  nn::Linear fc1_{nullptr}, fc2_{nullptr};
};
TORCH_MODULE(AuxHead);

NetworkTraits TraitsOf(const GoogLeNetOptions& options) {
  NetworkTraits traits = CaffeTraits(options.caffe);
  if (options.transform_input) traits["input"] = "unit";
  return traits;
}

class GoogLeNetTrunk : public Trunk {
 public:
  GoogLeNetTrunk(const GoogLeNetOptions& options, const TrunkOptions& trunk)
      : traits_(TraitsOf(options)),
        body_(*this, options, Geometry::kTight, StrideWalk(trunk.output_stride),
              trunk.pooling_indices, trunk.deepest) {
    for (const auto& [stride, map] : body_.maps) AddMap(stride, map.channels, map.grid);
    InitHe(*this);
  }

  FeatureMaps forward(const at::Tensor& image) override {
    return body_.Run(image, nullptr, nullptr);
  }

  SegModel::Start StartFromClassifier(const NamedTensors& source) const override {
    std::vector<std::string> dropped = {"fc", "aux1", "aux2"};
    for (size_t i = body_.channels.size(); i < kInceptions.size(); ++i)
      dropped.push_back(kInceptions[i].name);
    return WithoutLayers(source, dropped);
  }
  NetworkTraits Traits() const override { return traits_; }

 private:
  NetworkTraits traits_;
  Body body_;
};

class GoogLeNetClassifier : public SegModel {
 public:
  GoogLeNetClassifier(const GoogLeNetOptions& options, int classes)
      : traits_(TraitsOf(options)),
        smallest_(options.caffe ? 31 : 15),
        dropout_(options.dropout),
        aux_weight_(options.aux_weight),
        body_(*this, options, Geometry::kClassifier, StrideWalk()) {
    if (options.aux_loss) {
      aux1_ = register_module("aux1", AuxHead(body_.channels[k4a], options, classes));
      aux2_ = register_module("aux2", AuxHead(body_.channels[k4d], options, classes));
    }
    fc_ = register_module("fc", nn::Linear(body_.channels[k5b], classes));
    InitHe(*this);
    nn::init::normal_(fc_->weight, 0, 0.01);
  }

  SegOutput forward(const at::Tensor& image) override {
    CheckImage(image, kName, smallest_);
    at::Tensor behind_4a, behind_4d;
    const at::Tensor deepest = body_.Run(image, &behind_4a, &behind_4d).at(32).values;
    const at::Tensor logits =
        Forward(fc_, at::dropout(deepest.mean({2, 3}), dropout_, is_training()));
    if (!aux1_ || !is_training()) return {logits, {}};
    const at::Tensor aux = (at::log_softmax(Forward(aux1_, behind_4a), 1) +
                            at::log_softmax(Forward(aux2_, behind_4d), 1)) /
                           2;
    return {logits, {{logits, {}, 1}, {aux, {}, aux_weight_}}};
  }

  at::Tensor Features(const at::Tensor& image) override {
    CheckImage(image, kName, smallest_);
    return body_.Run(image, nullptr, nullptr).at(32).values;
  }

  NetworkTraits Traits() const override { return traits_; }

 private:
  static constexpr char kName[] = "googlenet classifier";

  NetworkTraits traits_;
  int64_t smallest_;
  double dropout_, aux_weight_;
  Body body_;
  AuxHead aux1_{nullptr}, aux2_{nullptr};
  nn::Linear fc_{nullptr};
};

GoogLeNetOptions ReadGoogLeNetOptions(JsonReader& reader) {
  GoogLeNetOptions options;
  reader.Get("caffe", options.caffe);
  reader.Get("transform_input", options.transform_input);
  reader.Get("width", options.width);
  return options;
}

}  // namespace

void GoogLeNetOptions::Check(const std::string& where) const {
  CheckWidth(where, width);
  if (caffe && transform_input) {
    throw Error(where,
                ".transform_input: is for torchvision's weights, found with \"caffe\"; leave one "
                "of them out");
  }
  CheckAuxWeight(where, aux_weight);
  CheckDropout(where, dropout);
}

std::shared_ptr<Trunk> MakeGoogLeNetTrunk(const GoogLeNetOptions& options,
                                          const TrunkOptions& trunk) {
  options.Check();
  trunk.Check();
  RefusePublished("googlenet", trunk);
  return std::make_shared<GoogLeNetTrunk>(options, trunk);
}

std::shared_ptr<SegModel> MakeGoogLeNetClassifier(const GoogLeNetOptions& options, int classes) {
  options.Check();
  return std::make_shared<GoogLeNetClassifier>(options, classes);
}

std::shared_ptr<Trunk> MakeGoogLeNetTrunk(const std::string&, JsonReader& reader,
                                          const TrunkOptions& trunk) {
  const GoogLeNetOptions options = ReadGoogLeNetOptions(reader);
  options.Check(reader.path());
  return MakeGoogLeNetTrunk(options, trunk);
}

std::shared_ptr<SegModel> MakeGoogLeNetClassifier(const std::string&, JsonReader& reader,
                                                  int classes) {
  GoogLeNetOptions options = ReadGoogLeNetOptions(reader);
  ReadAuxLoss(reader, options.aux_loss, options.aux_weight);
  reader.Get("dropout", options.dropout);
  options.Check(reader.path());
  return MakeGoogLeNetClassifier(options, classes);
}

}  // namespace seglab
