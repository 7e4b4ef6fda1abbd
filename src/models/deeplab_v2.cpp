// DeepLab, the second version.
//   L.-C. Chen, G. Papandreou, I. Kokkinos, K. Murphy, A. L. Yuille, "DeepLab: Semantic Image
//   Segmentation with Deep Convolutional Nets, Atrous Convolution, and Fully Connected CRFs", PAMI
//   2018, arXiv:1606.00915, sections 3 and 4; layers after the released prototxts.
//
//   image -> trunk at output stride 8 -+-> branch at rate 6 --+
//                                      +-> branch at rate 12 -+--> sum --> x 8 --> logits
//                                      +-> branch at rate 18 -+
//                                      +-> branch at rate 24 -+
//   head       rates               branch on VGG-16, figure 7 b    branch on ResNet-101
//   aspp_l     6, 12, 18, 24       fc6 3x3 1024 at the rate,       fc1 3x3 at the rate:
//   aspp_s     2, 4, 8, 12         fc7 1x1 1024, fc8 1x1:          classes
//   largefov   12                  classes
//   score      a 1x1 convolution to the classes, fc1: ResNet-101 in the first rows of table 4
//
//   VGG-16 is that of deeplab_v1 without pool5a. ResNet-101 is Caffe's, with the strides on the
//   first 1x1 of a block. "scales": the same network on several sizes of the image, the largest
//   scores taken; see multi_scale.h.
//
// The loss is taken of the scores at the output stride, as in deeplab_v1: of a map for each scale
// and of the largest scores, each with its own labels.
//
// Deviations:
//   - sides of other than 8 k + 1 pixels: maps have ceil(n / 8) cells, all of them on pixels, and
//     scores beyond the last one are its own; the released networks pad every image to 513;
//   - other trunks, output strides, `rates`, `fc_width` and `dropout` are ours. Trunks whose
//     classifier has an fc6 (VGG, AlexNet) have the branches of VGG-16, others those of ResNet.
//     Rates count cells at any output stride.

#include "models/deeplab_v2.h"

#include <torch/torch.h>

#include "base/error.h"
#include "base/names.h"
#include "models/backbones/backbone.h"
#include "models/deeplab_fc.h"
#include "nn/fast_conv.h"
#include "nn/layer_tap.h"
#include "nn/option_checks.h"
#include "tensor/state.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

struct HeadRow {
  const char* name;
  std::vector<int64_t> rates;  ///< none: 1x1
};

const std::vector<HeadRow>& HeadRows() {
  static const std::vector<HeadRow> rows = {
      {"aspp_l", {6, 12, 18, 24}}, {"aspp_s", {2, 4, 8, 12}}, {"largefov", {12}}, {"score", {}}};
  return rows;
}

std::vector<std::string> HeadNames() {
  std::vector<std::string> names;
  for (const HeadRow& row : HeadRows()) names.push_back(row.name);
  return names;
}

const HeadRow& FindHead(const std::string& name, const std::string& where) {
  for (const HeadRow& row : HeadRows()) {
    if (row.name == name) return row;
  }
  throw Error(where, ".head: ", UnknownName("value", name, HeadNames()));
}

/// 3x3 convolutions to the classes, one a rate, added: "c0", "c1" ... below it. The head of trunks
/// without fc6.
class SummedConvsImpl : public nn::Module {
 public:
  SummedConvsImpl(int64_t in, int classes, const std::vector<int64_t>& rates) {
    for (size_t i = 0; i < rates.size(); ++i)
      convs_.push_back(register_module(StrCat("c", i), AtrousScores(in, classes, rates[i])));
  }

  at::Tensor forward(const at::Tensor& x) {
    at::Tensor sum;
    for (FastConv2d& conv : convs_) {
      const at::Tensor y = Forward(conv, x);
      sum = sum.defined() ? sum + y : y;
    }
    return sum;
  }

  static FastConv2d AtrousScores(int64_t in, int classes, int64_t rate) {
    return DeepLabScoreLayer(nn::Conv2dOptions(in, classes, 3).dilation(rate).padding(rate));
  }

 private:
  std::vector<FastConv2d> convs_;
};
TORCH_MODULE(SummedConvs);

class DeepLabV2 : public SegModel {
 public:
  DeepLabV2(const DeepLabV2Options& options, int classes)
      : scales_(options.scales),
        rates_(options.rates.empty() ? FindHead(options.head, options.path).rates : options.rates) {
    TrunkOptions trunk;
    trunk.output_stride = options.output_stride;
    trunk.deeplab = true;
    backbone_ =
        register_module("backbone", MakeTrunk(options.backbone, trunk, options.path + ".backbone"));
    const int64_t in = backbone_->Channels(32);
    if (backbone_->HeadFc() && !rates_.empty()) {
      DeepLabFcOptions fc;
      fc.in = in;
      fc.rates = rates_;
      fc.width = DeepLabFcWidth(options.fc_width, 1024, *backbone_);
      fc.dropout = options.dropout.value_or(0.5);
      fc_ = std::make_unique<DeepLabFc>(*this, fc, classes);
      return;
    }
    if (options.fc_width > 0 || options.dropout) {
      throw Error(options.path, options.fc_width > 0 ? ".fc_width" : ".dropout",
                  ": is of fc6 and fc7, which only VGG and AlexNet have, and not with the head ",
                  "\"score\"; leave it out");
    }
    if (rates_.empty()) {
      single_ = register_module("fc1", DeepLabScoreLayer(nn::Conv2dOptions(in, classes, 1)));
    } else if (rates_.size() == 1) {
      single_ = register_module("fc1", SummedConvsImpl::AtrousScores(in, classes, rates_.front()));
    } else {
      summed_ = register_module("fc1", SummedConvs(in, classes, rates_));
    }
  }

  SegOutput forward(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, "deeplab_v2 input");
    return ScoresAtScales(image, scales_, backbone_->Grid(32), is_training(),
                          [this](const at::Tensor& x) { return Scores(x); });
  }

  at::Tensor Features(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, "deeplab_v2 input");
    return backbone_->forward(image).at(32).values;
  }

  /// From a network of this kind, of any scales, or from a classifier of the backbone.
  Start StartFrom(const NamedTensors& source) const override {
    for (const auto& [name, tensor] : source) {
      if (HasPrefix(name, "backbone")) return {source, {}, {}};
    }
    Start start = backbone_->StartFromClassifier(source);
    for (auto& [name, tensor] : start.tensors) name = "backbone." + name;
    if (fc_) {
      fc_->AddStart(source, *backbone_, start);
    } else {
      start.new_layers.push_back("fc1");
    }
    return start;
  }

  NetworkTraits Traits() const override {
    NetworkTraits traits = backbone_->Traits();
    if (!rates_.empty()) traits["rates"] = RatesText(rates_);
    return traits;
  }

 private:
  at::Tensor Scores(const at::Tensor& image) {
    const at::Tensor x = backbone_->forward(image).at(32).values;
    if (fc_) return fc_->Scores(x, is_training());
    return single_ ? Forward(single_, x) : Forward(summed_, x);
  }

  MultiScaleOptions scales_;
  std::vector<int64_t> rates_;
  std::shared_ptr<Trunk> backbone_;
  std::unique_ptr<DeepLabFc> fc_;
  FastConv2d single_{nullptr};
  SummedConvs summed_{nullptr};
};

}  // namespace

void DeepLabV2Options::Check(const std::string& where) const {
  FindHead(head, where);
  CheckOutputStride(where, output_stride);
  for (int64_t rate : rates) CheckRange(where, "rates", rate, 1, 64);
  CheckRange(where, "rates", rates.size(), 0, 16);
  scales.Check(where);
  CheckRange(where, "fc_width", fc_width, 0, 65536);
  if (dropout) CheckDropout(where, *dropout);
}

std::shared_ptr<SegModel> MakeDeepLabV2(const DeepLabV2Options& options, int classes) {
  options.Check(options.path);
  return std::make_shared<DeepLabV2>(options, classes);
}

std::shared_ptr<SegModel> MakeDeepLabV2(JsonReader& reader, int classes) {
  DeepLabV2Options options;
  options.path = reader.path();
  reader.Get("backbone", options.backbone);
  const bool head = reader.GetChoice("head", options.head, HeadNames());
  if (reader.Get("rates", options.rates) && head) {
    throw Error(reader.Path("rates"), ": \"head\" ", Json(options.head).dump(),
                " has its own; leave one of them out");
  }
  reader.Get("output_stride", options.output_stride);
  reader.Get("scales", options.scales.scales);
  reader.Get("fc_width", options.fc_width, 1, 65536);
  if (double dropout = 0; reader.Get("dropout", dropout)) options.dropout = dropout;
  return MakeDeepLabV2(options, classes);
}

}  // namespace seglab
