#pragma once

#include <torch/nn/module.h>
#include <torch/nn/options/conv.h>
#include <torch/nn/pimpl.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/backbones/backbone.h"
#include "nn/sequential.h"

// What the backbones are built from.
namespace seglab {

class WideBorder;

/// Who says how layers are padded.
enum class Geometry {
  kClassifier,  ///< the published classifier
  kTight,       ///< a map of stride s has ceil(H / s) x ceil(W / s) cells, none of them empty
  kPublished,   ///< FCN's reference code: pad 100 at the first convolution, then Caffe's arithmetic
  kDeepLab,     ///< kTight, of which no pool is dilated
};

/// Goes through a network's layers from the image on, turns strides beyond the output stride into
/// dilation, and knows where the cells lie.
class StrideWalk {
 public:
  explicit StrideWalk(int output_stride = 32) : output_stride_(output_stride) {}

  /// How the next layer, of stride 1 or more in the published network, is built.
  struct Step {
    int64_t stride, dilation;
    int64_t cell;  ///< stride of its input, in pixels
  };
  Step Next(int64_t stride);
  /// Moves the cells' centres.
  void Shift(double pixels) { center_ += pixels; }

  MapGrid grid() const { return {static_cast<double>(stride_), center_}; }
  int64_t dilation() const { return dilation_; }  ///< of layers without stride

 private:
  int64_t output_stride_, stride_ = 1, dilation_ = 1;
  double center_ = 0;
};

/// Convolution with an odd kernel that keeps the centres: ceil(size / stride) cells.
torch::nn::Conv2dOptions CenteredConv(int64_t in, int64_t out, int64_t kernel,
                                      const StrideWalk::Step& step);

struct PoolOptions {
  int64_t kernel = 2, stride = 2, dilation = 1;
  int64_t pad_begin = 0, pad_end = 0;  ///< of rows and columns
  bool ceil_mode = false;
};

/// Max pooling. Padding is zero, which is as good as minus infinity, because every pool of the
/// backbones stands behind a ReLU, and which leaves no window empty.
class PoolImpl : public torch::nn::Module {
 public:
  explicit PoolImpl(const PoolOptions& options) : options_(options) {}
  at::Tensor forward(const at::Tensor& x);
  /// The same as map, with `indices` also where its values were found. Then the pool must not be
  /// dilated or padded on one side only, as none is at output stride 32.
  FeatureMap Pooled(const at::Tensor& x, bool indices);
  /// Whether each cell is made of 2 x 2, of which no other one is made.
  bool Halves() const { return options_.kernel == 2 && options_.stride == 2 && IsPlain(); }

 private:
  /// Whether LibTorch's own padding does: of both sides alike, at most half a kernel counted
  /// without its holes, with minus infinity.
  bool IsPlain() const { return options_.dilation == 1 && options_.pad_begin == options_.pad_end; }

  PoolOptions options_;
};
TORCH_MODULE(Pool);

/// The next pool of the network, 3x3 or 2x2 with stride 2. Tight: 3x3 keeps the centres; 2x2 moves
/// them by half a cell as long as it has its stride, and keeps them as far as it can when dilated.
/// DeepLab: as tight, but of neighbouring cells at any output stride.
/// @param ceil_mode  of the classifier's pool
Pool MakePool(int64_t kernel, bool ceil_mode, Geometry geometry, StrideWalk& walk);

/// A chain of layers, and which of them end the maps of the nominal strides.
class StagedFeatures {
 public:
  struct Map {
    size_t layer;
    int64_t channels;
    MapGrid grid;
  };

  template <typename Layer>
  void Add(Layer&& layer) {
    layers->push_back(std::forward<Layer>(layer));
  }
  /// The layer added last ends the map of this nominal stride.
  void Mark(int stride, int64_t channels, const StrideWalk& walk) {
    maps[stride] = {layers->size() - 1, channels, walk.grid()};
  }
  /// Drops what comes behind the marked layer of this nominal stride.
  void EndAt(int stride);
  /// The marked maps; with `pooling_indices` also those of the pools before them.
  FeatureMaps Forward(const at::Tensor& image);

  TensorSequential layers;
  bool pooling_indices = false;
  std::map<int, Map> maps;
  std::shared_ptr<WideBorder> border;  ///< null, or what is taken in evaluation
};

/// Whether a fresh weight's variance is 2 / its inputs or 2 / its outputs (He et al. 2015, eqs. 10,
/// 14). Without batch norm the deeper nets start with fan in only. With it the size of a weight
/// changes no output but the learning: a step turns a smaller weight further. Depthwise kernels,
/// of few inputs and, counted as torchvision counts, many outputs, hardly learn with fan in.
enum class Fan { kIn, kOut };

/// Draws the weights of all convolutions and linear layers (those always with fan in), biases are
/// zero. Batch norm keeps its 1 and 0.
void InitHe(torch::nn::Module& module, Fan fan = Fan::kIn);

/// The trunk of a backbone that is one chain, "features", with its classifier in "classifier".
class StagedTrunk : public Trunk {
 public:
  explicit StagedTrunk(StagedFeatures features, Fan fan = Fan::kIn, NetworkTraits traits = {});
  FeatureMaps forward(const at::Tensor& image) override { return features_.Forward(image); }
  SegModel::Start StartFromClassifier(const NamedTensors& source) const override;
  NetworkTraits Traits() const override { return traits_; }

 private:
  bool is_cut_ = false;
  StagedFeatures features_;
  NetworkTraits traits_;
};

/// Channels of a layer at a factor `width`: the nearest multiple of 8, at least 8, and no more than
/// a tenth below the product (MobileNet v2's rule). All published counts are multiples of 8.
int64_t ScaledChannels(int64_t channels, double width);

/// @throws Error unless "width", the factor on all channel counts, is from 1/64 to 4
void CheckWidth(const std::string& where, double width);

/// @throws Error unless `name` is one of the backbones of a family
void CheckBackbone(const std::string& name, const std::vector<std::string>& family);

/// Reads "aux_loss", whether there are auxiliary heads, and "aux_weight", of their loss.
/// @throws Error on a weight without heads
void ReadAuxLoss(JsonReader& reader, bool& aux_loss, double& aux_weight);

/// @throws Error unless the weight of auxiliary heads' loss is from 0 to 1e12
void CheckAuxWeight(const std::string& where, double aux_weight);

/// What a backbone with its authors' "caffe" layers says of itself.
NetworkTraits CaffeTraits(bool caffe);

/// `source` without these layers (prefixes of names).
SegModel::Start WithoutLayers(const NamedTensors& source, const std::vector<std::string>& layers);

/// @throws Error unless `image` is (N, 3, H, W) with at least `side` rows and columns
void CheckImage(const at::Tensor& image, const std::string& name, int64_t side = 1);

/// @throws Error when `options` ask for FCN's published geometry, which only VGG and AlexNet have
void RefusePublished(const std::string& name, const TrunkOptions& options);

}  // namespace seglab
