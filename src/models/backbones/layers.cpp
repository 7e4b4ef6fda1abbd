#include "models/backbones/layers.h"

#include <torch/torch.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "base/names.h"
#include "models/backbones/wide_border.h"
#include "nn/fast_conv.h"
#include "nn/layer_tap.h"
#include "nn/option_checks.h"
#include "tensor/state.h"

namespace seglab {

namespace nn = torch::nn;

StrideWalk::Step StrideWalk::Next(int64_t stride) {
  Step step{1, dilation_, stride_};
  if (stride_ * stride <= output_stride_) {
    step.stride = stride;
    stride_ *= stride;
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
  const bool plain = IsPlain();
  const at::Tensor padded =
      plain ? x : at::constant_pad_nd(x, {o.pad_begin, o.pad_end, o.pad_begin, o.pad_end}, 0);
  return at::max_pool2d(padded, o.kernel, o.stride, plain ? o.pad_begin : 0, o.dilation,
                        o.ceil_mode);
}

FeatureMap PoolImpl::Pooled(const at::Tensor& x, bool indices) {
  if (!indices) return {forward(x), {}, {}};
  const PoolOptions& o = options_;
  if (!IsPlain()) throw std::logic_error("pool: indices of a padded input");
  FeatureMap found;
  std::tie(found.values, found.indices) =
      at::max_pool2d_with_indices(x, o.kernel, o.stride, o.pad_begin, o.dilation, o.ceil_mode);
  found.unpooled = {x.size(2), x.size(3)};
  return found;
}

Pool MakePool(int64_t kernel, bool ceil_mode, Geometry geometry, StrideWalk& walk) {
  const StrideWalk::Step step = walk.Next(2);
  const int64_t dilation = geometry == Geometry::kDeepLab ? 1 : step.dilation;
  PoolOptions options{kernel, step.stride, dilation, 0, 0, ceil_mode};
  if (geometry == Geometry::kTight || geometry == Geometry::kDeepLab) {
    const int64_t beyond = (kernel - 1) * dilation;  // what the window covers beyond one cell
    const bool whole_cells = kernel == 2 && step.stride == 2;
    options.ceil_mode = whole_cells;
    options.pad_begin = whole_cells ? 0 : beyond / 2;
    options.pad_end = whole_cells ? 0 : beyond - beyond / 2;
  }
  const double middle = static_cast<double>((kernel - 1) * dilation) / 2;
  walk.Shift((middle - static_cast<double>(options.pad_begin)) * static_cast<double>(step.cell));
  return Pool(options);
}

namespace {

bool HasPool(const nn::Module& layer) {
  if (layer.as<PoolImpl>() != nullptr) return true;
  for (const auto& child : layer.children()) {
    if (child->as<PoolImpl>() != nullptr) return true;
  }
  return false;
}

/// Puts what a layer makes of the values into their place; of a max pool, also the indices.
/// CaffeNet's pools stand in a chain with their normalisation.
void AdvanceWithIndices(nn::AnyModule& layer, FeatureMap& map) {
  const std::shared_ptr<nn::Module> module = layer.ptr();
  if (auto* pool = module->as<PoolImpl>()) {
    map = pool->Pooled(map.values, /*indices=*/true);
  } else if (auto* chain = module->as<TensorSequentialImpl>()) {
    for (nn::AnyModule& inner : *chain) AdvanceWithIndices(inner, map);
  } else {
    map.values = layer.forward<at::Tensor>(map.values);
  }
  LayerTap::Report(*module, map.values);
}

/// The layers from `begin` up to `end`, those without a pool as a chain runs them.
void RunWithIndices(TensorSequential& layers, size_t begin, size_t end, FeatureMap& map) {
  const auto layer = [&](size_t i) { return layers->begin() + static_cast<std::ptrdiff_t>(i); };
  for (size_t i = begin; i < end;) {
    size_t behind = i;
    while (behind < end && !HasPool(*layer(behind)->ptr())) ++behind;
    if (behind > i) {
      map.values = layers->Run(map.values, i, behind);
    } else {
      AdvanceWithIndices(*layer(behind++), map);
    }
    i = behind;
  }
}

}  // namespace

void StagedFeatures::EndAt(int stride) {
  const size_t kept = maps.at(stride).layer + 1;
  TensorSequential cut;
  for (size_t i = 0; i < kept; ++i)
    cut->push_back(*(layers->begin() + static_cast<std::ptrdiff_t>(i)));
  layers = cut;
  std::erase_if(maps, [&](const auto& map) { return map.first > stride; });
}

FeatureMaps StagedFeatures::Forward(const at::Tensor& image) {
  FeatureMaps found;
  FeatureMap x{image, {}, {}};
  size_t done = 0;
  const auto advance = [&](size_t end) {
    if (end == done) return;
    x = {x.values, {}, {}};
    if (pooling_indices) {
      RunWithIndices(layers, done, end, x);
    } else {
      x.values = layers->Run(x.values, done, end);
    }
    done = end;
  };
  std::vector<std::pair<size_t, int>> ends;  // in the layers' order
  for (const auto& [stride, map] : maps) ends.emplace_back(map.layer + 1, stride);
  std::sort(ends.begin(), ends.end());
  std::vector<WideBorder::Map> of_border;
  if (border && !pooling_indices && FusedScope::IsOn()) of_border = border->Run(image);
  for (const auto& [end, stride] : ends) {
    const auto ready = std::find_if(of_border.begin(), of_border.end(),
                                    [end = end](const auto& map) { return map.end == end; });
    if (ready != of_border.end()) {
      x = {ready->values, {}, {}};
      done = end;
    }
    advance(end);
    found[stride] = x;
  }
  advance(layers->size());
  LayerTap::Report(*layers, x.values);
  return found;
}

StagedTrunk::StagedTrunk(StagedFeatures features, Fan fan, NetworkTraits traits)
    : features_(std::move(features)), traits_(std::move(traits)) {
  register_module("features", features_.layers);
  for (const auto& [stride, map] : features_.maps) AddMap(stride, map.channels, map.grid);
  is_cut_ = features_.maps.rbegin()->first < 32;
  InitHe(*this, fan);
}

SegModel::Start StagedTrunk::StartFromClassifier(const NamedTensors& source) const {
  SegModel::Start start = WithoutLayers(source, {"classifier"});
  // A cut trunk has none of the deeper layers, which are numbered.
  std::erase_if(start.tensors, [this](const auto& item) {
    constexpr std::string_view kFeatures = "features.";
    if (!item.first.starts_with(kFeatures)) return false;
    const std::string number = item.first.substr(kFeatures.size());
    return is_cut_ && std::strtoul(number.c_str(), nullptr, 10) >= features_.layers->size();
  });
  return start;
}

int64_t ScaledChannels(int64_t channels, double width) {
  const double wanted = static_cast<double>(channels) * width;
  const int64_t nearest = std::max<int64_t>(8, static_cast<int64_t>(wanted + 4) / 8 * 8);
  return static_cast<double>(nearest) < 0.9 * wanted ? nearest + 8 : nearest;
}

void CheckWidth(const std::string& where, double width) {
  CheckRange(where, "width", width, 1.0 / 64, 4.0);
}

void CheckBackbone(const std::string& name, const std::vector<std::string>& family) {
  if (std::find(family.begin(), family.end(), name) != family.end()) return;
  throw Error("backbone: ", UnknownName("backbone", name, family));
}

void ReadAuxLoss(JsonReader& reader, bool& aux_loss, double& aux_weight) {
  reader.Get("aux_loss", aux_loss);
  if (!reader.Get("aux_weight", aux_weight) || aux_loss) return;
  throw Error(reader.Path("aux_weight"),
              ": is of the auxiliary heads' loss, and there are none; add \"aux_loss\": true");
}

void CheckAuxWeight(const std::string& where, double aux_weight) {
  CheckRange(where, "aux_weight", aux_weight, 0.0, 1e12);
}

NetworkTraits CaffeTraits(bool caffe) {
  return caffe ? NetworkTraits{{"variant", "caffe"}} : NetworkTraits{};
}

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
