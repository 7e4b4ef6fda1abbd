// DeepLab v3.
//   L.-C. Chen, G. Papandreou, F. Schroff, H. Adam, "Rethinking Atrous Convolution for Semantic
//   Image Segmentation", arXiv:1706.05587, section 3.
//
//   image -> ResNet-101 at output stride 16, layer4's blocks at rates 2 * (1, 2, 4)
//     -> ASPP: 1x1; 3x3 at rates 6, 12, 18; image mean; 256 channels each -> 1x1 256
//     -> logits: 1x1 to the classes -> x 16
//
// Any trunk carries it. The loss is taken of the scores at the image's size, not of shrunk labels.
//
// Deviations:
//   - scores are put where the trunk's cells lie, first cell on first pixel; the released code
//     aligns corners, which is the same at sides of 16 k + 1;
//   - dropout behind the projection, as in the released code, is not in the paper.
//
// The rows deeplabv3_resnet50 and deeplabv3_resnet101 are torchvision's: output stride 8, rates 12,
// 24, 36, no multi-grid, a 3x3 convolution more.

#include "models/deeplab_v3.h"

#include <torch/torch.h>

#include <algorithm>

#include "base/error.h"
#include "base/names.h"
#include "models/backbones/resnet.h"
#include "nn/fast_conv.h"
#include "nn/layer_tap.h"
#include "nn/option_checks.h"
#include "tensor/state.h"

namespace seglab {
namespace {

bool IsResNet(const Json& backbone) {
  const Json name = backbone.is_object() ? backbone.value("name", Json()) : backbone;
  return name.is_string() && name.get<std::string>().starts_with("resnet");
}

class DeepLabV3 : public SegModel {
 public:
  DeepLabV3(const DeepLabV3Options& options, int classes) : options_(options) {
    backbone_ = register_module("backbone", options.MakeBackbone());
    aspp_ = register_module("aspp", Aspp(options.Pyramid(backbone_->Channels(32))));
    logits_ = register_module("logits",
                              FastConv2d(torch::nn::Conv2dOptions(options.channels, classes, 1)));
  }

  SegOutput forward(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, "deeplabv3 input");
    return ScoresAtScales(
        image, options_.scales, backbone_->Grid(32), /*training=*/false,
        [this](const at::Tensor& x) { return Forward(logits_, Forward(aspp_, Features(x))); });
  }

  at::Tensor Features(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, "deeplabv3 input");
    return backbone_->forward(image).at(32).values;
  }

  Start StartFrom(const NamedTensors& source) const override {
    return StartOnTrunk(*backbone_, source, {"aspp", "logits"});
  }

  NetworkTraits Traits() const override { return options_.Traits(*backbone_); }

 private:
  DeepLabV3Options options_;
  std::shared_ptr<Trunk> backbone_;
  Aspp aspp_{nullptr};
  FastConv2d logits_{nullptr};
};

}  // namespace

void DeepLabV3Options::Check(const std::string& where) const {
  CheckOutputStride(where, output_stride);
  for (int64_t rate : rates) CheckRange(where, "rates", rate, 1, 64);
  if (rates.size() > 16) throw Error(where, ".rates: found ", rates.size(), ", 16 are the most");
  for (int64_t factor : multi_grid) CheckRange(where, "multi_grid", factor, 1, 16);
  if (!multi_grid.empty() && !IsResNet(backbone)) {
    throw Error(where, ".multi_grid: is of the blocks of a ResNet, found the backbone ",
                backbone.dump(), "; leave it out");
  }
  CheckRange(where, "channels", channels, 1, 4096);
  CheckDropout(where, dropout);
  scales.Check(where);
}

void DeepLabV3Options::Read(JsonReader& reader) {
  path = reader.path();
  reader.Get("backbone", backbone);
  reader.Get("output_stride", output_stride);
  reader.Get("rates", rates);
  reader.Get("multi_grid", multi_grid);
  reader.Get("image_pooling", image_pooling);
  reader.Get("channels", channels);
  reader.Get("dropout", dropout);
  reader.Get("scales", scales.scales);
  reader.Get("separable", separable);
  Check(path);
}

std::vector<int64_t> DeepLabV3Options::Rates() const {
  if (!rates.empty()) return rates;
  return {96 / output_stride, 192 / output_stride, 288 / output_stride};
}

NetworkTraits DeepLabV3Options::Traits(const Trunk& trunk) const {
  NetworkTraits traits = trunk.Traits();
  const auto text = [](const std::vector<int64_t>& numbers, int64_t factor) {
    std::vector<std::string> each;
    for (int64_t number : numbers) each.push_back(std::to_string(number * factor));
    return Join(each, ",");
  };
  DeepLabV3Options published;
  published.output_stride = output_stride;
  if (Rates() != published.Rates()) traits["rates"] = text(Rates(), output_stride);
  if (!multi_grid.empty() && multi_grid != std::vector<int64_t>{1, 2, 4})
    traits["multi_grid"] = text(multi_grid, 1);
  return traits;
}

AsppOptions DeepLabV3Options::Pyramid(int64_t in) const {
  AsppOptions pyramid;
  pyramid.in = in;
  pyramid.out = channels;
  pyramid.rates = Rates();
  pyramid.dropout = dropout;
  pyramid.image_level = image_pooling;
  pyramid.separable = separable;
  return pyramid;
}

std::shared_ptr<Trunk> DeepLabV3Options::MakeBackbone() const {
  TrunkOptions trunk;
  trunk.output_stride = output_stride;
  trunk.fc = false;
  Json spec = backbone.is_string() ? Json{{"name", backbone}} : backbone;
  if (IsResNet(spec) && !spec.contains("multi_grid")) {
    std::vector<int64_t> grid = multi_grid;
    if (grid.empty() && output_stride < 32) {
      grid = {1, 2, 4};
      grid.resize(std::min<int64_t>(3, ResNetLastBlocks(spec["name"])));
    }
    if (!grid.empty()) spec["multi_grid"] = grid;
  } else if (!multi_grid.empty()) {
    throw Error(path, ".multi_grid: stands in \"backbone\" too; leave one of them out");
  }
  return MakeTrunk(spec, trunk, path + ".backbone");
}

std::shared_ptr<SegModel> MakeDeepLabV3(const DeepLabV3Options& options, int classes) {
  options.Check(options.path);
  return std::make_shared<DeepLabV3>(options, classes);
}

std::shared_ptr<SegModel> MakeDeepLabV3(JsonReader& reader, int classes) {
  DeepLabV3Options options;
  options.Read(reader);
  return MakeDeepLabV3(options, classes);
}

}  // namespace seglab
