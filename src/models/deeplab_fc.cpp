#include "models/deeplab_fc.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "base/names.h"
#include "models/backbones/fc_start.h"
#include "nn/fast_conv.h"
#include "nn/layer_tap.h"
#include "tensor/state.h"

namespace seglab {
namespace {
namespace nn = torch::nn;
}

DeepLabFc::DeepLabFc(nn::Module& owner, const DeepLabFcOptions& options, int classes)
    : options_(options) {
  const bool single = options_.rates.size() == 1;
  // Lists of branches, one module a layer, so that "fc8" names all branches' fc8.
  nn::Module* lists[] = {&owner, &owner, &owner};
  const char* names[] = {"fc6", "fc7", "fc8"};
  if (!single) {
    for (int i = 0; i < 3; ++i)
      lists[i] = owner.register_module(names[i], std::make_shared<nn::Module>(names[i])).get();
  }
  for (size_t i = 0; i < options_.rates.size(); ++i) {
    const int64_t rate = options_.rates[i], beyond = (options_.kernel - 1) * rate;
    const std::string number = std::to_string(i + 1);
    const auto add = [&](int layer, FastConv2d conv) {
      return lists[layer]->register_module(single ? names[layer] : number, conv);
    };
    Branch branch;
    branch.suffix = single ? "" : "." + number;
    branch.fc6 = add(0, FastConv2d(nn::Conv2dOptions(options_.in, options_.width, options_.kernel)
                                       .dilation(rate)
                                       .padding(beyond / 2)));
    branch.fc7 = add(1, FastConv2d(nn::Conv2dOptions(options_.width, options_.width, 1)));
    for (FastConv2d conv : {branch.fc6, branch.fc7}) {
      nn::init::kaiming_normal_(conv->weight, 0, torch::kFanIn, torch::kReLU);
      nn::init::zeros_(conv->bias);
    }
    branch.fc8 = add(2, DeepLabScoreLayer(nn::Conv2dOptions(options_.width, classes, 1)));
    branches_.push_back(branch);
  }
}

at::Tensor DeepLabFc::Scores(const at::Tensor& x, bool training) {
  at::Tensor sum;
  for (Branch& branch : branches_) {
    at::Tensor y = at::dropout(ForwardConv(branch.fc6, nullptr, x, Activation::kRelu),
                               options_.dropout, training);
    y = at::dropout(ForwardConv(branch.fc7, nullptr, y, Activation::kRelu), options_.dropout,
                    training);
    y = Forward(branch.fc8, y);
    sum = sum.defined() ? sum + y : y;
  }
  return sum;
}

void DeepLabFc::AddStart(const NamedTensors& source, const Trunk& trunk,
                         SegModel::Start& start) const {
  start.new_layers.push_back("fc8");
  const std::optional<HeadFcLayers> theirs = trunk.HeadFc();
  if (!theirs) {
    start.new_layers.insert(start.new_layers.end(), {"fc6", "fc7"});
    return;
  }
  const FcShape shape = {options_.in, options_.kernel, options_.width};
  for (const auto& [name, tensor] : FcStart(source, theirs->fc6, theirs->fc7, shape)) {
    for (const Branch& branch : branches_) {
      std::string ours = name;  // "fc6.weight" becomes "fc6.1.weight"
      start.tensors.emplace_back(ours.insert(3, branch.suffix), tensor);
    }
  }
}

int64_t DeepLabFcWidth(int64_t named, int64_t published, const Trunk& trunk) {
  const std::optional<HeadFcLayers> theirs = trunk.HeadFc();
  if (named > 0 || !theirs) return named > 0 ? named : published;
  const double part = static_cast<double>(theirs->width) / 4096;
  return std::max<int64_t>(1, std::llround(static_cast<double>(published) * part));
}

FastConv2d DeepLabScoreLayer(const nn::Conv2dOptions& options) {
  FastConv2d layer(options);
  nn::init::normal_(layer->weight, 0, 0.01);
  nn::init::zeros_(layer->bias);
  return layer;
}

std::string RatesText(const std::vector<int64_t>& rates) {
  std::vector<std::string> texts;
  for (int64_t rate : rates) texts.push_back(std::to_string(rate));
  return Join(texts, ",");
}

}  // namespace seglab
