// Names of layers as in the networks' own files:
//   VGG: gist ksimonyan/211839e770f7b538e2d8 (16), 3785162f95cd2d5fee77 (19)
//   CaffeNet, GoogLeNet: BVLC/caffe, models/bvlc_reference_caffenet, models/bvlc_googlenet
//   ResNet: KaimingHe/deep-residual-networks, prototxt/
//   SqueezeNet: forresti/SqueezeNet, SqueezeNet_v1.0 and v1.1
//   FCN: shelhamer/fcn.berkeleyvision.org, voc-fcn*/net.py; names of 2014: Caffe's model zoo
//   DeepLab: caffe_deeplab.h

#include "weights/caffe_names.h"

#include <torch/torch.h>

#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "nn/bilinear.h"
#include "tensor/state.h"
#include "tensor/weight_file.h"
#include "weights/caffe_deeplab.h"
#include "weights/caffe_network.h"

namespace seglab {
namespace {

using Layers = CaffeLayers;

bool HasLayer(const TensorFile& file, const std::string& layer) {
  return file.Find(layer + ".weight") != nullptr;
}

Layers VggLayers(const TensorFile& file) {
  Layers layers = {{"fc6", "classifier.0"}, {"fc7", "classifier.3"}, {"fc8", "classifier.6"}};
  int index = 0;  // in "features": a ReLU follows each convolution, a pool each stage
  for (int stage = 1; stage <= 5; ++stage, ++index) {
    for (int i = 1; HasLayer(file, StrCat("conv", stage, "_", i)); ++i, index += 2)
      layers[StrCat("conv", stage, "_", i)] = StrCat("features.", index);
  }
  return layers;
}

Layers CaffeNetLayers(const TensorFile&) {
  return {{"conv1", "features.0"}, {"conv2", "features.3"},  {"conv3", "features.6"},
          {"conv4", "features.8"}, {"conv5", "features.10"}, {"fc6", "classifier.1"},
          {"fc7", "classifier.4"}, {"fc8", "classifier.6"}};
}

Layers GoogLeNetLayers(const TensorFile&) {
  Layers layers = {{"conv1/7x7_s2", "conv1.conv"},
                   {"conv2/3x3_reduce", "conv2.conv"},
                   {"conv2/3x3", "conv3.conv"},
                   {"loss3/classifier", "fc"}};
  static const Layers kBranches = {{"1x1", "branch1.conv"},   {"3x3_reduce", "branch2.0.conv"},
                                   {"3x3", "branch2.1.conv"}, {"5x5_reduce", "branch3.0.conv"},
                                   {"5x5", "branch3.1.conv"}, {"pool_proj", "branch4.1.conv"}};
  for (const char* id : {"3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"}) {
    for (const auto& [theirs, ours] : kBranches)
      layers[StrCat("inception_", id, "/", theirs)] = StrCat("inception", id, ".", ours);
  }
  for (int head : {1, 2}) {
    layers[StrCat("loss", head, "/conv")] = StrCat("aux", head, ".conv.conv");
    layers[StrCat("loss", head, "/fc")] = StrCat("aux", head, ".fc1");
    layers[StrCat("loss", head, "/classifier")] = StrCat("aux", head, ".fc2");
  }
  return layers;
}

/// Blocks are a, b, c ... or, where a stage has many, a, b1, b2 ...
Layers ResNetLayers(const TensorFile& file) {
  Layers layers = {
      {"conv1", "conv1"}, {"bn_conv1", "bn1"}, {"scale_conv1", "bn1"}, {"fc1000", "fc"}};
  const auto has = [&](const std::string& id) { return HasLayer(file, "res" + id + "_branch2a"); };
  for (int stage = 2; stage <= 5; ++stage) {
    for (int block = 0;; ++block) {
      std::string id = StrCat(stage, static_cast<char>('a' + block % 26));
      if (block >= 26 || !has(id)) id = StrCat(stage, "b", block);
      if (!has(id)) break;
      const auto add = [&, ours = StrCat("layer", stage - 1, ".", block, ".")](
                           const std::string& branch, const std::string& conv,
                           const std::string& norm) {
        layers["res" + id + branch] = ours + conv;
        layers["bn" + id + branch] = layers["scale" + id + branch] = ours + norm;
      };
      add("_branch1", "downsample.0", "downsample.1");
      add("_branch2a", "conv1", "bn1");
      add("_branch2b", "conv2", "bn2");
      add("_branch2c", "conv3", "bn3");
    }
  }
  return layers;
}

Layers SqueezeNetLayers(const TensorFile& file) {
  Layers layers = {{"conv1", "features.0"}, {"conv10", "classifier.1"}};
  static const std::vector<int> kFires10 = {3, 4, 5, 7, 8, 9, 10, 12},
                                kFires11 = {3, 4, 6, 7, 9, 10, 11, 12};
  const at::Tensor* first = file.Find("conv1.weight");
  const bool is10 = first != nullptr && first->dim() == 4 && first->size(2) == 7;
  int fire = 2;
  for (int index : is10 ? kFires10 : kFires11) {
    const std::string theirs = StrCat("fire", fire++, "/"), ours = StrCat("features.", index, ".");
    layers[theirs + "squeeze1x1"] = ours + "squeeze";
    layers[theirs + "expand1x1"] = ours + "expand1x1";
    layers[theirs + "expand3x3"] = ours + "expand3x3";
  }
  return layers;
}

struct Family {
  const char* name;
  const char* mark;  ///< a layer that no other family has, of those further down
  Layers (*layers)(const TensorFile& file);
  bool fc;  ///< ends in fc6 and fc7: there are FCNs on it
};
constexpr Family kFamilies[] = {{"VGG", "conv1_1", VggLayers, true},
                                {"GoogLeNet", "conv1/7x7_s2", GoogLeNetLayers, false},
                                {"ResNet", "res2a_branch2a", ResNetLayers, false},
                                {"SqueezeNet", "fire2/squeeze1x1", SqueezeNetLayers, false},
                                {"CaffeNet", "conv5", CaffeNetLayers, true}};

/// A classifier's layers as an FCN's, and the FCN's own.
Layers FcnLayers(const TensorFile& file, const Layers& classifier) {
  Layers layers = {{"score-fr", "score_fr"},       {"score-pool4", "score_pool4"},
                   {"score-pool3", "score_pool3"}, {"score2", "upscore2"},
                   {"score4", "upscore_pool4"},    {"upsample-fused-16", "upscore16"}};
  for (const char* same : {"score_fr", "score_pool4", "score_pool3", "upscore", "upscore2",
                           "upscore16", "upscore_pool4", "upscore8"}) {
    layers[same] = same;
  }
  if (const at::Tensor* last = file.Find("upsample.weight"); last != nullptr && last->dim() == 4) {
    const int64_t stride = last->size(3) / 2;
    layers["upsample"] = stride == 8 ? "upscore8" : stride == 16 ? "upscore16" : "upscore";
  }
  for (const auto& [theirs, ours] : classifier) {
    if (theirs == "fc8") continue;
    layers[theirs] = "backbone." + (HasPrefix(ours, "classifier") ? theirs : ours);
  }
  return layers;
}

/// A transposed convolution's filters one a channel; what has weights between channels as it is.
at::Tensor ChannelFilters(const at::Tensor& weight) {
  if (weight.dim() != 4 || weight.size(0) != weight.size(1)) return weight;
  const at::Tensor own = weight.diagonal(0, 0, 1).permute({2, 0, 1}).unsqueeze(1).contiguous();
  const bool apart = (own != 0).sum().item<int64_t>() == (weight != 0).sum().item<int64_t>();
  return apart ? own : weight;
}

bool IsBilinear(const at::Tensor& filters) {
  if (filters.dim() != 4 || filters.size(1) != 1 || filters.size(2) != filters.size(3))
    return false;
  BilinearGeometry geometry;
  geometry.kernel = filters.size(2);
  geometry.stride = (geometry.kernel + 1) / 2;
  const at::Tensor expected =
      BilinearLayer(1, geometry, /*learned=*/true)->parameters()[0].detach();
  return (filters.to(at::kFloat) - expected).abs().max().item<double>() < 1e-5;
}

/// The factors of fcn8s_atonce: Scale layers before the scores of the skips.
bool IsSkipFactor(const std::string& name, const at::Tensor& tensor) {
  double factor = 0;
  if (name == "scale_pool4.weight") factor = 0.01;
  if (name == "scale_pool3.weight") factor = 0.0001;
  return factor > 0 && (tensor.to(at::kFloat) / factor - 1).abs().max().item<double>() < 1e-5;
}

class Renamer {
 public:
  Renamer(TensorFile& file, const Family& family)
      : file_(file),
        fcn_(family.fc && IsCaffeFcn(file)),
        deeplab_(!fcn_ && IsCaffeDeepLab(file)),
        layers_(family.layers(file)) {
    if (fcn_) layers_ = FcnLayers(file, layers_);
    if (deeplab_) layers_ = DeepLabLayers(file, layers_);
  }

  void Rename() {
    NamedTensors renamed;
    std::set<std::string> taken;
    for (auto& [name, tensor] : Converted()) {
      std::string ours = NameOf(name);
      if (!taken.insert(ours).second) {
        ours = name;  // Two layers for one: the loader will not know this one.
        taken.insert(ours);
      }
      renamed.emplace_back(ours, tensor);
    }
    file_.tensors = std::move(renamed);
  }

 private:
  std::string NameOf(const std::string& name) const {
    const size_t dot = name.rfind('.');
    const auto layer = layers_.find(name.substr(0, dot));
    return layer == layers_.end() ? name : layer->second + name.substr(dot);
  }

  /// Still under Caffe's names, in the network's form.
  NamedTensors Converted() const {
    const at::Tensor* bias = HasLayer(file_, "scale_conv1") ? file_.Find("conv1.bias") : nullptr;
    NamedTensors tensors;
    for (const auto& [name, tensor] : file_.tensors) {
      const std::string ours = NameOf(name);
      if (fcn_ && IsSkipFactor(name, tensor)) continue;
      if (deeplab_ && IsScaleCopy(file_, name, tensor)) continue;
      if (fcn_ && ours.starts_with("upscore") && ours.ends_with(".weight")) {
        const at::Tensor filters = ChannelFilters(tensor);
        if (!IsBilinear(filters)) tensors.emplace_back(name, filters);
      } else if (ours.starts_with("classifier.") && ours.ends_with(".weight") &&
                 name.starts_with("fc") && tensor.dim() == 4) {
        tensors.emplace_back(name, tensor.flatten(1));
      } else if (bias != nullptr && name == "conv1.bias") {
        continue;
      } else if (bias != nullptr && name == "bn_conv1.running_mean" &&
                 tensor.sizes() == bias->sizes()) {
        tensors.emplace_back(name, tensor - *bias);
      } else {
        tensors.emplace_back(name, tensor);
      }
    }
    return tensors;
  }

  TensorFile& file_;
  const bool fcn_, deeplab_;
  Layers layers_;
};

}  // namespace

void UseNetworkNames(TensorFile& file, const std::string& path) {
  if (file.format != "caffemodel") return;
  for (const Family& family : kFamilies) {
    if (!HasLayer(file, family.mark)) continue;
    const auto name = file.metadata.find("name");
    if (family.name == std::string_view("CaffeNet") && name != file.metadata.end() &&
        name->second == "AlexNet") {
      Log::Warn(path,
                ": calls itself AlexNet, which normalises before it pools; the network here is "
                "CaffeNet, which pools first, and its scores will differ");
    }
    Renamer(file, family).Rename();
    return;
  }
}

TensorFile ReadNetworkWeights(const std::string& path) {
  TensorFile file = ReadWeights(path);
  UseNetworkNames(file, path);
  return file;
}

}  // namespace seglab
