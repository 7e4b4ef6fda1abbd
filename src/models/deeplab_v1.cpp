// DeepLab, the first version.
//   L.-C. Chen, G. Papandreou, I. Kokkinos, K. Murphy, A. L. Yuille, "Semantic Image Segmentation
//   with Deep Convolutional Nets and Fully Connected CRFs", ICLR 2015, arXiv:1412.7062, section 3;
//   layers after the released prototxts of DeepLab-LargeFOV, DeepLab-MSc and DeepLab-MSc-LargeFOV.
//
//   image -> VGG-16 at output stride 8, pools of 3x3, the last two with stride 1, conv5 at rate 2
//         -> (pool5a: average 3x3, LargeFOV only)
//         -> fc6 k x k at rate r -> fc7 1x1 -> fc8 1x1: classes -> x 8 --> logits
//   "fc6"       k   r   channels   cells of 8 pixels
//   largefov    3   12  1024       25
//   7x7_r4      7    4  4096       25     exactly VGG's own fc6 by the hole algorithm
//   4x4_r4      4    4  4096       13
//   4x4_r8      4    8  4096       25
//
//   "msc": image, pool1, pool2, pool3, pool4, each -> conv 3x3 128 to stride 8, relu, dropout
//          -> fc 1x1 128, relu, dropout -> ms 1x1: classes; added to fc8's before the upsampling
//
// The loss is taken of the scores at stride 8: cell (i, j) lies on pixel (8 i, 8 j), whose label it
// is compared with, and scores are interpolated between these pixels (Caffe's Interp layers, which
// shrink labels and enlarge scores by 8 at sides of 8 k + 1 pixels).
//
// Deviations:
//   - the first network, DeepLab (4x4_r4 without msc), was released with VGG's pools of 2x2, padded
//     at the beginning, and crops of 306 pixels; here all have the pools of 3x3, as those with MSc
//     and LargeFOV do. Neither names nor shapes of its weights tell;
//   - sides of other than 8 k + 1 pixels: maps have ceil(n / 8) cells, all of them on pixels, and
//     scores beyond the last one are its own; the released networks pad every image to 513;
//   - pool3_ms starts from N(0, 0.01) as its siblings; its release names no filler, which is zero;
//   - other trunks than VGG-16, `fc_width` and `dropout` are ours. A trunk whose classifier has no
//     fc6 has neither pool5a, and a fresh fc6 and fc7.

#include "models/deeplab_v1.h"

#include <torch/torch.h>

#include <utility>
#include <vector>

#include "base/error.h"
#include "base/names.h"
#include "models/backbones/backbone.h"
#include "models/deeplab_fc.h"
#include "models/multi_scale.h"
#include "nn/fast_conv.h"
#include "nn/grid_resample.h"
#include "nn/layer_tap.h"
#include "nn/option_checks.h"
#include "tensor/state.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

constexpr int kCell = 8;          ///< pixels
constexpr int64_t kHidden = 128;  ///< channels of a branch of msc

/// An input of msc.
struct MscSource {
  const char* name;     ///< begins its layers' names
  int stride;           ///< nominal; 1 is the image
  double fc_deviation;  ///< of a fresh fc, as released
};
constexpr MscSource kMscSources[] = {{"data", 1, 0.001},
                                     {"pool1", 2, 0.001},
                                     {"pool2", 4, 0.001},
                                     {"pool3", 8, 0.001},
                                     {"pool4", 16, 0.005}};

struct Fc6Variant {
  const char* name;
  int64_t kernel, rate, width;
};
constexpr Fc6Variant kFc6Variants[] = {{"largefov", 3, 12, 1024},
                                       {"7x7_r4", 7, 4, 4096},
                                       {"4x4_r4", 4, 4, 4096},
                                       {"4x4_r8", 4, 8, 4096}};

std::vector<std::string> Fc6Names() {
  std::vector<std::string> names;
  for (const Fc6Variant& variant : kFc6Variants) names.push_back(variant.name);
  return names;
}

const Fc6Variant& FindFc6(const std::string& name, const std::string& where) {
  for (const Fc6Variant& variant : kFc6Variants) {
    if (variant.name == name) return variant;
  }
  throw Error(where, ".fc6: ", UnknownName("value", name, Fc6Names()));
}

/// A 1x1 or 3x3 convolution of msc, its weights from N(0, deviation).
FastConv2d MscLayer(nn::Conv2dOptions options, double deviation) {
  FastConv2d layer(options);
  nn::init::normal_(layer->weight, 0, deviation);
  nn::init::zeros_(layer->bias);
  return layer;
}

/// The layers behind one of msc's inputs.
struct MscBranch {
  int stride = 1;  ///< nominal, of the input
  MapGrid grid;    ///< of the scores
  FastConv2d conv{nullptr}, fc{nullptr}, ms{nullptr};
};

class DeepLabV1 : public SegModel {
 public:
  DeepLabV1(const DeepLabV1Options& options, int classes)
      : fc6_(FindFc6(options.fc6, "DeepLabV1Options")), dropout_(options.dropout) {
    TrunkOptions trunk;
    trunk.output_stride = kCell;
    trunk.deeplab = true;
    backbone_ =
        register_module("backbone", MakeTrunk(options.backbone, trunk, options.backbone_path));
    pool5a_ = fc6_.kernel == 3 && backbone_->HeadFc().has_value();
    DeepLabFcOptions fc;
    fc.in = backbone_->Channels(32);
    fc.kernel = fc6_.kernel;
    fc.rates = {fc6_.rate};
    fc.width = DeepLabFcWidth(options.fc_width, fc6_.width, *backbone_);
    fc.dropout = dropout_;
    head_ = std::make_unique<DeepLabFc>(*this, fc, classes);
    if (!options.msc) return;
    // Below one module, so that its layers, the new ones of the paper's second step, have one name.
    msc_ = register_module("msc", std::make_shared<nn::Module>("msc"));
    for (const MscSource& source : kMscSources) AddMscBranch(source, classes);
  }

  SegOutput forward(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, "deeplab_v1 input");
    return ScoresAtScales(image, {}, backbone_->Grid(32), is_training(),
                          [this](const at::Tensor& x) { return Scores(x); });
  }

  at::Tensor Features(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, "deeplab_v1 input");
    return backbone_->forward(image).at(32).values;
  }

  /// From a network of this kind, with or without msc, or from a classifier of the backbone.
  Start StartFrom(const NamedTensors& source) const override {
    for (const auto& [name, tensor] : source) {
      if (HasPrefix(name, "backbone")) return {source, {"msc"}, {"msc"}};
    }
    Start start = backbone_->StartFromClassifier(source);
    for (auto& [name, tensor] : start.tensors) name = "backbone." + name;
    head_->AddStart(source, *backbone_, start);
    start.new_layers.push_back("msc");
    return start;
  }

  NetworkTraits Traits() const override {
    NetworkTraits traits = backbone_->Traits();
    traits["rates"] = RatesText({fc6_.rate});
    return traits;
  }

 private:
  void AddMscBranch(const MscSource& source, int classes) {
    const bool image = source.stride == 1;
    const std::string name = source.name;
    const MapGrid from = image ? MapGrid() : backbone_->Grid(source.stride);
    const int64_t channels = image ? 3 : backbone_->Channels(source.stride);
    const int64_t stride = WholeNumber(kCell / from.stride);
    MscBranch branch;
    branch.stride = source.stride;
    branch.grid = {kCell, from.center};
    branch.conv = msc_->register_module(
        name + "_conv",
        MscLayer(nn::Conv2dOptions(channels, kHidden, 3).stride(stride).padding(1), 0.001));
    branch.fc = msc_->register_module(
        name + "_fc", MscLayer(nn::Conv2dOptions(kHidden, kHidden, 1), source.fc_deviation));
    branch.ms = msc_->register_module(name + "_ms",
                                      DeepLabScoreLayer(nn::Conv2dOptions(kHidden, classes, 1)));
    msc_branches_.push_back(branch);
  }

  at::Tensor Scores(const at::Tensor& image) {
    const FeatureMaps maps = backbone_->forward(image);
    at::Tensor x = maps.at(32).values;
    if (pool5a_) x = at::avg_pool2d(x, 3, /*stride=*/1, /*padding=*/1);  // of zeros, as in Caffe
    at::Tensor sum = head_->Scores(x, is_training());
    for (MscBranch& branch : msc_branches_) {
      at::Tensor y = branch.stride == 1 ? image : maps.at(branch.stride).values;
      y = at::dropout(ForwardConv(branch.conv, nullptr, y, Activation::kRelu), dropout_,
                      is_training());
      y = at::dropout(ForwardConv(branch.fc, nullptr, y, Activation::kRelu), dropout_,
                      is_training());
      // Maps of VGG lie on the same pixels; those of others may be half a cell apart.
      sum = sum + ResampleToGrid(Forward(branch.ms, y), branch.grid, backbone_->Grid(32),
                                 sum.size(2), sum.size(3));
    }
    return sum;
  }

  const Fc6Variant& fc6_;
  double dropout_;
  bool pool5a_ = false;
  std::shared_ptr<Trunk> backbone_;
  std::unique_ptr<DeepLabFc> head_;
  std::shared_ptr<nn::Module> msc_;
  std::vector<MscBranch> msc_branches_;
};

}  // namespace

void DeepLabV1Options::Check(const std::string& where) const {
  FindFc6(fc6, where);
  CheckRange(where, "fc_width", fc_width, 0, 65536);
  CheckDropout(where, dropout);
}

std::shared_ptr<SegModel> MakeDeepLabV1(const DeepLabV1Options& options, int classes) {
  options.Check();
  return std::make_shared<DeepLabV1>(options, classes);
}

std::shared_ptr<SegModel> MakeDeepLabV1(JsonReader& reader, int classes) {
  DeepLabV1Options options;
  reader.Get("backbone", options.backbone);
  options.backbone_path = reader.Path("backbone");
  reader.GetChoice("fc6", options.fc6, Fc6Names());
  reader.Get("fc_width", options.fc_width, 1, 65536);
  reader.Get("msc", options.msc);
  reader.Get("dropout", options.dropout);
  options.Check(reader.path());
  return MakeDeepLabV1(options, classes);
}

}  // namespace seglab
