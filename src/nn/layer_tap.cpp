#include "nn/layer_tap.h"

#include <torch/torch.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "base/names.h"

namespace seglab {
namespace {

std::string Parent(const std::string& name) {
  const size_t dot = name.rfind('.');
  return dot == std::string::npos ? "" : name.substr(0, dot);
}

/// A large network has hundreds of layers: listed are those of the same block.
[[noreturn]] void ThrowUnknown(const std::string& layer, const std::vector<std::string>& names) {
  std::string block = Parent(layer);
  while (!block.empty() && std::find(names.begin(), names.end(), block) == names.end()) {
    block = Parent(block);
  }
  std::vector<std::string> listed;
  const std::string nearest = NearestName(layer, names);
  for (const std::string& name : names) {
    if (Parent(name) == block || name == nearest) listed.push_back(name);
  }
  throw Error("layers: ", UnknownName("layer", layer, listed));
}

}  // namespace

LayerTap::LayerTap(const torch::nn::Module& network, const std::vector<std::string>& layers)
    : outer_(innermost_) {
  const auto modules = network.named_modules(/*name_prefix=*/"", /*include_self=*/false);
  for (const std::string& layer : layers) {
    const std::shared_ptr<torch::nn::Module>* found = modules.find(layer);
    if (found == nullptr) ThrowUnknown(layer, modules.keys());
    layers_[layer] = found->get();
    outputs_[found->get()];
  }
  innermost_ = this;
}

LayerTap::~LayerTap() { innermost_ = outer_; }

void LayerTap::Record(const torch::nn::Module& layer, const at::Tensor& output) {
  const auto found = outputs_.find(&layer);
  if (found != outputs_.end()) found->second = output.clone();
  if (outer_ != nullptr) outer_->Record(layer, output);
}

const at::Tensor& LayerTap::Output(const std::string& layer) const {
  const auto found = layers_.find(layer);
  if (found == layers_.end()) {
    std::vector<std::string> names;
    for (const auto& [name, module] : layers_) names.push_back(name);
    throw Error("layers: ", UnknownName("layer", layer, names));
  }
  const at::Tensor& output = outputs_.at(found->second);
  if (!output.defined()) {
    throw Error("layers: ", layer,
                " gave nothing, since the network does not run it in this mode or it is only a "
                "list of layers; name another one");
  }
  return output;
}

}  // namespace seglab
