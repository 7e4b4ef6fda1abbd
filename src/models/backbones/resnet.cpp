// ResNet.
//   K. He, X. Zhang, S. Ren, J. Sun, "Deep Residual Learning for Image Recognition", CVPR 2016,
//   arXiv:1512.03385, table 1.
//
//   conv1 7x7/2 64, bn1, relu, pool 3x3/2
//   layer1..4  blocks of 64, 128, 256, 512 channels; the first of layer2..4 has stride 2
//     basic (18, 34):              conv 3x3, bn, relu, conv 3x3, bn
//     bottleneck (50, 101, 152):   conv 1x1, bn, relu, conv 3x3, bn, relu, conv 1x1 to 4 times, bn
//     plus the input (downsample: conv 1x1, bn, where sizes differ), relu
//   classifier  mean over the map, fc classes
//   trunk: maps: conv1 (stride 2), layer1 (4), layer2 (8), layer3 (16), layer4 (32)
//
// A bottleneck's stride is on its 3x3, as in torchvision; with `caffe` on its first 1x1, as in the
// paper's own weights, and the stem's pool is unpadded and rounds up.
//
// Deviations:
//   - the trunk's stem pool is padded by 1 with `caffe` too, so that cell i of a map of stride s
//     lies on pixel s * i;
//   - a fresh fc is drawn from N(0, 0.01) (torchvision: uniform);
//   - `width` is ours.

#include "models/backbones/resnet.h"

#include <torch/torch.h>

#include <array>
#include <string>

#include "base/error.h"
#include "models/backbones/layers.h"
#include "nn/batch_norm.h"
#include "nn/fast_conv.h"
#include "nn/layer_tap.h"
#include "nn/option_checks.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

struct Depth {
  bool bottleneck;
  std::array<int, 4> blocks;
};

Depth DepthOf(const std::string& name) {
  if (name == "resnet18") return {false, {2, 2, 2, 2}};
  if (name == "resnet34") return {false, {3, 4, 6, 3}};
  if (name == "resnet50") return {true, {3, 4, 6, 3}};
  if (name == "resnet101") return {true, {3, 4, 23, 3}};
  return {true, {3, 8, 36, 3}};
}

struct ResNetBlockOptions {
  int64_t in, planes, out;
  bool bottleneck, caffe;
  bool projects;  ///< whether the input is brought to the output's size by a convolution
};

class ResNetBlockImpl : public nn::Module {
 public:
  /// @param entry  of the layer with the stride
  /// @param inner  of 3x3 convolutions behind that
  ResNetBlockImpl(const ResNetBlockOptions& o, const StrideWalk::Step& entry,
                  const StrideWalk::Step& inner) {
    const StrideWalk::Step point{1, 1, 0}, strided_point{entry.stride, 1, 0};
    if (!o.bottleneck) {
      Add(o.in, o.planes, 3, entry);
      Add(o.planes, o.out, 3, inner);
    } else {
      Add(o.in, o.planes, 1, o.caffe ? strided_point : point);
      Add(o.planes, o.planes, 3, o.caffe ? inner : entry);
      Add(o.planes, o.out, 1, point);
    }
    if (!o.projects) return;
    downsample_ = register_module(
        "downsample",
        TensorSequential(FastConv2d(CenteredConv(o.in, o.out, 1, strided_point).bias(false)),
                         BatchNorm2d(o.out)));
  }

  at::Tensor forward(const at::Tensor& x) {
    at::Tensor y = x;
    for (size_t i = 0; i + 1 < convs_.size(); ++i)
      y = ForwardConv(convs_[i], norms_[i], y, Activation::kRelu);
    return ForwardConv(convs_.back(), norms_.back(), y, Activation::kRelu,
                       downsample_ ? Forward(downsample_, x) : x);
  }

 private:
  void Add(int64_t in, int64_t out, int64_t kernel, const StrideWalk::Step& step) {
    const std::string number = std::to_string(convs_.size() + 1);
    convs_.push_back(register_module("conv" + number,
                                     FastConv2d(CenteredConv(in, out, kernel, step).bias(false))));
    norms_.push_back(register_module("bn" + number, BatchNorm2d(out)));
  }

  std::vector<FastConv2d> convs_;
  std::vector<BatchNorm2d> norms_;
  TensorSequential downsample_{nullptr};
};
TORCH_MODULE(ResNetBlock);

/// The layers up to layer4, registered in the module that owns them.
class ResNetBody {
 public:
  struct Map {
    int64_t channels;
    MapGrid grid;
  };

  ResNetBody(nn::Module& owner, const std::string& name, const ResNetOptions& options,
             Geometry geometry, StrideWalk walk, bool pooling_indices = false, int deepest = 32)
      : pooling_indices_(pooling_indices) {
    const Depth depth = DepthOf(name);
    int64_t in = ScaledChannels(64, options.width);
    conv1_ = owner.register_module("conv1",
                                   FastConv2d(CenteredConv(3, in, 7, walk.Next(2)).bias(false)));
    bn1_ = owner.register_module("bn1", BatchNorm2d(in));
    maps[2] = {in, walk.grid()};
    // torchvision's pool keeps the centres, as the tight ones do.
    pool_ = MakePool(3, /*ceil_mode=*/true, options.caffe ? geometry : Geometry::kTight, walk);
    for (size_t stage = 0; stage < stages_.size() && 4 << stage <= deepest; ++stage) {
      const int64_t planes = ScaledChannels(int64_t{64} << stage, options.width);
      const int64_t out = depth.bottleneck ? 4 * planes : planes;
      TensorSequential blocks;
      for (int i = 0; i < depth.blocks[stage]; ++i) {
        const int64_t stride = i == 0 && stage > 0 ? 2 : 1;
        StrideWalk::Step entry = walk.Next(stride), inner = walk.Next(1);
        if (stage == 3 && !options.multi_grid.empty())
          entry.dilation = inner.dilation = walk.dilation() * options.multi_grid[i];
        // By the published stride, so that names do not depend on the output stride.
        const bool projects = stride != 1 || in != out;
        blocks->push_back(ResNetBlock(
            ResNetBlockOptions{in, planes, out, depth.bottleneck, options.caffe, projects}, entry,
            inner));
        in = out;
      }
      stages_[stage] = owner.register_module("layer" + std::to_string(stage + 1), blocks);
      maps[4 << stage] = {out, walk.grid()};
    }
  }

  FeatureMaps Run(const at::Tensor& image) {
    FeatureMaps found;
    found[2].values = ForwardConv(conv1_, bn1_, image, Activation::kRelu);
    FeatureMap x = pool_->Pooled(found[2].values, pooling_indices_);
    for (size_t stage = 0; stage < stages_.size() && stages_[stage]; ++stage) {
      x.values = Forward(stages_[stage], x.values);
      found[4 << stage] = x;
      x = {x.values, {}, {}};  // the other stages have no pool
    }
    return found;
  }

  std::map<int, Map> maps;

 private:
  bool pooling_indices_;
  FastConv2d conv1_{nullptr};
  BatchNorm2d bn1_{nullptr};
  Pool pool_{nullptr};
  // Those behind the end of a cut trunk are null.
  std::array<TensorSequential, 4> stages_ = {nullptr, nullptr, nullptr, nullptr};
};

class ResNetTrunk : public Trunk {
 public:
  ResNetTrunk(const std::string& name, const ResNetOptions& options, const TrunkOptions& trunk)
      : traits_(CaffeTraits(options.caffe)),
        body_(*this, name, options, Geometry::kTight, StrideWalk(trunk.output_stride),
              trunk.pooling_indices, trunk.deepest),
        deepest_(trunk.deepest) {
    for (const auto& [stride, map] : body_.maps) AddMap(stride, map.channels, map.grid);
    InitHe(*this, Fan::kOut);
  }

  FeatureMaps forward(const at::Tensor& image) override { return body_.Run(image); }

  SegModel::Start StartFromClassifier(const NamedTensors& source) const override {
    std::vector<std::string> dropped = {"fc"};
    for (int stage = 0; stage < 4; ++stage) {
      if (4 << stage > deepest_) dropped.push_back("layer" + std::to_string(stage + 1));
    }
    return WithoutLayers(source, dropped);
  }
  NetworkTraits Traits() const override { return traits_; }

 private:
  NetworkTraits traits_;
  ResNetBody body_;
  int deepest_;
};

class ResNetClassifier : public SegModel {
 public:
  ResNetClassifier(const std::string& name, const ResNetOptions& options, int classes)
      : traits_(CaffeTraits(options.caffe)),
        smallest_(options.caffe ? 3 : 1),
        body_(*this, name, options, Geometry::kClassifier, StrideWalk()) {
    fc_ = register_module("fc", nn::Linear(body_.maps.at(32).channels, classes));
    InitHe(*this, Fan::kOut);
    nn::init::normal_(fc_->weight, 0, 0.01);
  }

  SegOutput forward(const at::Tensor& image) override {
    return {Forward(fc_, Features(image).mean({2, 3})), {}};
  }

  at::Tensor Features(const at::Tensor& image) override {
    CheckImage(image, "resnet classifier", smallest_);
    return body_.Run(image).at(32).values;
  }

  NetworkTraits Traits() const override { return traits_; }

 private:
  NetworkTraits traits_;
  int64_t smallest_;
  ResNetBody body_;
  nn::Linear fc_{nullptr};
};

ResNetOptions ReadResNetOptions(JsonReader& reader, bool is_trunk) {
  ResNetOptions options;
  reader.Get("caffe", options.caffe);
  reader.Get("width", options.width);
  if (is_trunk) reader.Get("multi_grid", options.multi_grid);
  options.Check(reader.path());
  return options;
}

void CheckName(const std::string& name) {
  CheckBackbone(name, {"resnet18", "resnet34", "resnet50", "resnet101", "resnet152"});
}

}  // namespace

void ResNetOptions::Check(const std::string& where) const {
  CheckWidth(where, width);
  for (int64_t factor : multi_grid) CheckRange(where, "multi_grid", factor, 1, 16);
}

void ResNetOptions::CheckGrid(const std::string& name, const std::string& where) const {
  const auto grid = static_cast<int64_t>(multi_grid.size());
  if (grid == 0 || grid == ResNetLastBlocks(name)) return;
  throw Error(where, ".multi_grid: ", name, " has ", ResNetLastBlocks(name),
              " blocks in layer4, found ", grid, " factors; give one for each");
}

int64_t ResNetLastBlocks(const std::string& name) { return DepthOf(name).blocks.back(); }

std::shared_ptr<Trunk> MakeResNetTrunk(const std::string& name, const ResNetOptions& options,
                                       const TrunkOptions& trunk) {
  CheckName(name);
  options.Check();
  trunk.Check();
  RefusePublished(name, trunk);
  options.CheckGrid(name);
  return std::make_shared<ResNetTrunk>(name, options, trunk);
}

std::shared_ptr<SegModel> MakeResNetClassifier(const std::string& name,
                                               const ResNetOptions& options, int classes) {
  CheckName(name);
  options.Check();
  return std::make_shared<ResNetClassifier>(name, options, classes);
}

std::shared_ptr<Trunk> MakeResNetTrunk(const std::string& name, JsonReader& reader,
                                       const TrunkOptions& trunk) {
  const ResNetOptions options = ReadResNetOptions(reader, /*is_trunk=*/true);
  options.CheckGrid(name, reader.path());
  return MakeResNetTrunk(name, options, trunk);
}

std::shared_ptr<SegModel> MakeResNetClassifier(const std::string& name, JsonReader& reader,
                                               int classes) {
  return MakeResNetClassifier(name, ReadResNetOptions(reader, /*is_trunk=*/false), classes);
}

}  // namespace seglab
