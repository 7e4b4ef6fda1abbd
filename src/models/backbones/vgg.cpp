// VGG.
//   K. Simonyan, A. Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
//   Recognition", ICLR 2015, arXiv:1409.1556.
//
//   features:  [conv 3x3, (bn), relu] x n, pool 2x2   five times: 64, 128, 256, 512, 512 channels
//   classifier: fc 4096, relu, dropout, fc 4096, relu, dropout, fc classes
//   trunk:      the same layers with fc6 as 7x7 and fc7 as 1x1 convolution (FCN, section 4.1)
//
// Deviations:
//   - fresh weights are drawn after He et al. 2015 (fan in), without which the deeper nets do not
//   start;
//   - `width` and `fc6_kernel` are ours; at 1 and 7 the network is the published one.

#include "models/backbones/vgg.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "nn/sequential.h"
#include "tensor/state.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

constexpr std::array<int64_t, 5> kChannels = {64, 128, 256, 512, 512};

/// Convolutions per stage of the four published depths.
std::array<int, 5> StageDepths(const std::string& name) {
  const std::string depth = name.substr(3, 2);
  if (depth == "11") return {1, 1, 2, 2, 2};
  if (depth == "13") return {2, 2, 2, 2, 2};
  if (depth == "16") return {2, 2, 3, 3, 3};
  return {2, 2, 4, 4, 4};
}

bool HasBatchNorm(const std::string& name) { return name.size() > 5; }

int64_t Scaled(int64_t channels, double width) {
  return std::max<int64_t>(1, std::llround(channels * width));
}

VggOptions ReadOptions(JsonReader& reader) {
  VggOptions options;
  reader.Get("width", options.width, 1.0 / 64, 4.0);
  reader.Get("fc6_kernel", options.fc6_kernel, 1, 15);
  reader.Get("dropout", options.dropout, 0.0, 0.95);
  if (options.fc6_kernel % 2 == 0) {
    throw Error(reader.Path("fc6_kernel"), ": must be odd, found ", options.fc6_kernel);
  }
  return options;
}

/// The convolutions and pools, numbered as torchvision numbers them.
struct Features {
  TensorSequential layers;
  std::array<size_t, 5> pools;  ///< indices of the pooling layers
};

Features MakeFeatures(const std::string& name, const VggOptions& options, int64_t first_padding,
                      bool ceil_mode) {
  Features features;
  int64_t in = 3;
  const std::array<int, 5> depths = StageDepths(name);
  for (size_t stage = 0; stage < depths.size(); ++stage) {
    const int64_t out = Scaled(kChannels[stage], options.width);
    for (int i = 0; i < depths[stage]; ++i) {
      const int64_t padding = features.layers->is_empty() ? first_padding : 1;
      features.layers->push_back(nn::Conv2d(nn::Conv2dOptions(in, out, 3).padding(padding)));
      if (HasBatchNorm(name)) features.layers->push_back(nn::BatchNorm2d(out));
      features.layers->push_back(nn::ReLU(nn::ReLUOptions(true)));
      in = out;
    }
    features.pools[stage] = features.layers->size();
    features.layers->push_back(
        nn::MaxPool2d(nn::MaxPool2dOptions(2).stride(2).ceil_mode(ceil_mode)));
  }
  return features;
}

void InitWeights(nn::Module& module) {
  for (auto& child : module.modules(/*include_self=*/false)) {
    at::Tensor weight, bias;
    if (auto* conv = child->as<nn::Conv2dImpl>()) {
      weight = conv->weight;
      bias = conv->bias;
    } else if (auto* linear = child->as<nn::LinearImpl>()) {
      weight = linear->weight;
      bias = linear->bias;
    } else {
      continue;
    }
    nn::init::kaiming_normal_(weight, 0, torch::kFanIn, torch::kReLU);
    nn::init::zeros_(bias);
  }
}

class VggTrunk : public Trunk {
 public:
  VggTrunk(const std::string& name, const VggOptions& options, const TrunkOptions& trunk)
      : options_(options) {
    const bool published = trunk.published_fcn;
    if (published && options.fc6_kernel != 7) {
      throw Error("backbone.fc6_kernel: the published geometry's crops are for 7, found ",
                  options.fc6_kernel, "; take \"geometry\": \"tight\"");
    }
    Features features = MakeFeatures(name, options, published ? 100 : 1, /*ceil_mode=*/true);
    pools_ = features.pools;
    features_ = register_module("features", features.layers);
    const int64_t side = options.fc6_kernel, fc = Scaled(4096, options.width);
    const int64_t padding = published ? 0 : side / 2;
    fc6_ = register_module("fc6",
                           nn::Conv2d(nn::Conv2dOptions(Channels(16), fc, side).padding(padding)));
    fc7_ = register_module("fc7", nn::Conv2d(nn::Conv2dOptions(fc, fc, 1)));
    InitWeights(*this);
  }

  FeatureMaps forward(const at::Tensor& image) override {
    FeatureMaps maps;
    at::Tensor x = image;
    size_t index = 0;
    for (nn::AnyModule& layer : *features_) {
      x = layer.forward<at::Tensor>(x);
      if (index == pools_[2]) maps[8] = x;
      if (index == pools_[3]) maps[16] = x;
      ++index;
    }
    x = at::dropout(fc6_(x).relu_(), options_.dropout, is_training());
    maps[32] = at::dropout(fc7_(x).relu_(), options_.dropout, is_training());
    return maps;
  }

  int64_t Channels(int stride) const override {
    if (stride == 8) return Scaled(kChannels[2], options_.width);
    if (stride == 16) return Scaled(kChannels[3], options_.width);
    return Scaled(4096, options_.width);
  }

  SegModel::Start StartFromClassifier(const NamedTensors& source) const override {
    SegModel::Start start;
    for (const auto& [name, tensor] : source) {
      if (HasPrefix(name, "features")) {
        start.tensors.emplace_back(name, tensor);
      } else if (name == "classifier.0.weight") {
        // Rows are flattened C, H, W: the same order as a convolution kernel's.
        start.tensors.emplace_back("fc6.weight", AsKernel(tensor, options_.fc6_kernel));
      } else if (name == "classifier.0.bias") {
        start.tensors.emplace_back("fc6.bias", tensor);
      } else if (name == "classifier.3.weight") {
        start.tensors.emplace_back("fc7.weight", AsKernel(tensor, 1));
      } else if (name == "classifier.3.bias") {
        start.tensors.emplace_back("fc7.bias", tensor);
      } else if (!HasPrefix(name, "classifier.6")) {
        start.tensors.emplace_back(name, tensor);  // left for the strict loader to complain about
      }
    }
    return start;
  }

 private:
  static at::Tensor AsKernel(const at::Tensor& matrix, int64_t side) {
    if (matrix.dim() != 2 || matrix.size(1) % (side * side) != 0) return matrix;
    return matrix.reshape({matrix.size(0), -1, side, side});
  }

  VggOptions options_;
  std::array<size_t, 5> pools_;
  TensorSequential features_{nullptr};
  nn::Conv2d fc6_{nullptr}, fc7_{nullptr};
};

class VggClassifier : public SegModel {
 public:
  VggClassifier(const std::string& name, const VggOptions& options, int classes)
      : side_(options.fc6_kernel) {
    features_ = register_module(
        "features", MakeFeatures(name, options, /*first_padding=*/1, /*ceil_mode=*/false).layers);
    const int64_t channels = Scaled(kChannels.back(), options.width),
                  fc = Scaled(4096, options.width);
    nn::Linear last(fc, classes);
    classifier_ = register_module(
        "classifier", TensorSequential(nn::Linear(channels * side_ * side_, fc), nn::ReLU(),
                                       nn::Dropout(options.dropout), nn::Linear(fc, fc), nn::ReLU(),
                                       nn::Dropout(options.dropout), last));
    InitWeights(*this);
    nn::init::normal_(last->weight, 0, 0.01);
  }

  SegOutput forward(const at::Tensor& image) override {
    return {classifier_->forward(Features(image).flatten(1)), {}};
  }

  /// The pooled map, as torchvision: an identity at 32 * fc6_kernel pixels.
  at::Tensor Features(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, "vgg input");
    if (image.size(2) < 32 || image.size(3) < 32) {
      throw Error("vgg classifier: images must be at least 32x32, found ", image.size(2), "x",
                  image.size(3));
    }
    return at::adaptive_avg_pool2d(features_->forward(image), {side_, side_}).contiguous();
  }

 private:
  int64_t side_;
  TensorSequential features_{nullptr}, classifier_{nullptr};
};

}  // namespace

std::shared_ptr<Trunk> MakeVggTrunk(const std::string& name, JsonReader& reader,
                                    const TrunkOptions& trunk) {
  return std::make_shared<VggTrunk>(name, ReadOptions(reader), trunk);
}

std::shared_ptr<SegModel> MakeVggClassifier(const std::string& name, JsonReader& reader,
                                            int classes) {
  return std::make_shared<VggClassifier>(name, ReadOptions(reader), classes);
}

}  // namespace seglab
