#include "models/backbones/layers.h"

#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "tensor/state.h"

namespace seglab {

namespace nn = torch::nn;

StrideWalk::Step StrideWalk::Next(int64_t stride) {
  Step step{1, dilation_, grid_.stride};
  if (grid_.stride * stride <= output_stride_) {
    step.stride = stride;
    grid_.stride *= stride;
  } else {
    dilation_ *= stride;  // from the next layer on
  }
  return step;
}

nn::Conv2dOptions CenteredConv(int64_t in, int64_t out, int64_t kernel,
                               const StrideWalk::Step& step) {
  return nn::Conv2dOptions(in, out, kernel)
      .stride(step.stride)
      .dilation(step.dilation)
      .padding(kernel / 2 * step.dilation);
}

at::Tensor PoolImpl::forward(const at::Tensor& x) {
  const PoolOptions& o = options_;
  // LibTorch pads both sides alike, at most half a kernel counted without its holes, with minus
  // infinity.
  const bool plain = o.dilation == 1 && o.pad_begin == o.pad_end;
  const at::Tensor padded =
      plain ? x : at::constant_pad_nd(x, {o.pad_begin, o.pad_end, o.pad_begin, o.pad_end}, 0);
  return at::max_pool2d(padded, o.kernel, o.stride, plain ? o.pad_begin : 0, o.dilation,
                        o.ceil_mode);
}

Pool MakePool(int64_t kernel, bool ceil_mode, Geometry geometry, StrideWalk& walk) {
  const StrideWalk::Step step = walk.Next(2);
  PoolOptions options{kernel, step.stride, step.dilation, 0, 0, ceil_mode};
  if (geometry == Geometry::kTight) {
    const int64_t beyond = (kernel - 1) * step.dilation;  // what the window covers beyond one cell
    const bool whole_cells = kernel == 2 && step.stride == 2;
    options.ceil_mode = whole_cells;
    options.pad_begin = whole_cells ? 0 : beyond / 2;
    options.pad_end = whole_cells ? 0 : beyond - beyond / 2;
  }
  const double middle = static_cast<double>((kernel - 1) * step.dilation) / 2;
  walk.Shift((middle - static_cast<double>(options.pad_begin)) * static_cast<double>(step.cell));
  return Pool(options);
}

FeatureMaps StagedFeatures::Forward(const at::Tensor& image) {
  FeatureMaps found;
  at::Tensor x = image;
  size_t index = 0;
  for (nn::AnyModule& layer : *layers) {
    x = layer.forward<at::Tensor>(x);
    for (const auto& [stride, map] : maps) {
      if (map.layer == index) found[stride] = x;
    }
    ++index;
  }
  return found;
}

StagedTrunk::StagedTrunk(StagedFeatures features, Fan fan) : features_(std::move(features)) {
  register_module("features", features_.layers);
  for (const auto& [stride, map] : features_.maps) AddMap(stride, map.channels, map.grid);
  InitHe(*this, fan);
}

SegModel::Start StagedTrunk::StartFromClassifier(const NamedTensors& source) const {
  return WithoutLayers(source, {"classifier"});
}

int64_t ScaledChannels(int64_t channels, double width) {
  const double wanted = static_cast<double>(channels) * width;
  const int64_t nearest = std::max<int64_t>(8, static_cast<int64_t>(wanted + 4) / 8 * 8);
  return static_cast<double>(nearest) < 0.9 * wanted ? nearest + 8 : nearest;
}

void ReadWidth(JsonReader& reader, double& width) { reader.Get("width", width, 1.0 / 64, 4.0); }

void InitHe(nn::Module& module, Fan fan) {
  for (const auto& child : module.modules(/*include_self=*/false)) {
    at::Tensor weight, bias;
    bool by_outputs = false;
    if (auto* conv = child->as<nn::Conv2dImpl>()) {
      weight = conv->weight;
      by_outputs = fan == Fan::kOut;
      bias = conv->bias;
    } else if (auto* linear = child->as<nn::LinearImpl>()) {
      weight = linear->weight;
      bias = linear->bias;
    } else {
      continue;
    }
    nn::init::FanModeType mode = torch::kFanIn;
    if (by_outputs) mode = torch::kFanOut;
    nn::init::kaiming_normal_(weight, 0, mode, torch::kReLU);
    if (bias.defined()) nn::init::zeros_(bias);
  }
}

SegModel::Start WithoutLayers(const NamedTensors& source, const std::vector<std::string>& layers) {
  SegModel::Start start;
  for (const auto& [name, tensor] : source) {
    const bool dropped =
        std::any_of(layers.begin(), layers.end(),
                    [&name = name](const std::string& layer) { return HasPrefix(name, layer); });
    if (!dropped) start.tensors.emplace_back(name, tensor);
  }
  return start;
}

void CheckImage(const at::Tensor& image, const std::string& name, int64_t side) {
  CheckShape(image, {-1, 3, -1, -1}, name + " input");
  if (image.size(2) >= side && image.size(3) >= side) return;
  throw Error(name, ": images must be at least ", side, "x", side, ", found ", image.size(2), "x",
              image.size(3), "; enlarge them");
}

void RefusePublished(const std::string& name, const TrunkOptions& options) {
  if (!options.published_fcn) return;
  throw Error("backbone: FCN's published geometry exists for VGG and AlexNet only, found ", name,
              "; take \"geometry\": \"tight\"");
}

}  // namespace seglab
