#include "weights/caffe_deeplab.h"

#include <torch/torch.h>

#include <cctype>
#include <set>
#include <string_view>

#include "base/error.h"
#include "tensor/state.h"

namespace seglab {
namespace {

std::set<std::string> LayersOf(const TensorFile& file) {
  std::set<std::string> layers;
  for (const auto& [name, tensor] : file.tensors) layers.insert(name.substr(0, name.rfind('.')));
  return layers;
}

bool IsConvolution(const TensorFile& file, const std::string& layer) {
  const at::Tensor* weight = file.Find(layer + ".weight");
  return weight != nullptr && weight->dim() == 4;
}

/// "1" of "fc8_voc12_1" with "_", "0" of "fc1_voc12_c0" with "_c"; "" where there is no such
/// number.
std::string NumberBehind(const std::string& layer, std::string_view mark) {
  const size_t at = layer.rfind(mark);
  if (at == std::string::npos || at + mark.size() + 1 != layer.size()) return "";
  const char digit = layer.back();
  return std::isdigit(static_cast<unsigned char>(digit)) ? std::string(1, digit) : "";
}

/// The head's layer here; "" of others.
std::string HeadLayer(const std::string& layer, bool aspp) {
  if (layer == "fc6" || layer == "fc7") return layer;
  const std::string start = layer.substr(0, 4);
  if (start == "fc6_" || start == "fc7_" || start == "fc8_") {
    const std::string branch = aspp ? NumberBehind(layer, "_") : "";
    if (branch.empty()) return start == "fc8_" ? "fc8" : "";
    return layer.substr(0, 3) + "." + branch;
  }
  if (start != "fc1_") return "";
  const std::string branch = NumberBehind(layer, "_c");
  return branch.empty() ? "fc1" : "fc1.c" + branch;
}

}  // namespace

bool IsCaffeDeepLab(const TensorFile& file) {
  for (const std::string& layer : LayersOf(file)) {
    const bool head = layer.starts_with("fc8_") || layer.starts_with("fc1_");
    if (head && IsConvolution(file, layer)) return true;
  }
  return false;
}

CaffeLayers DeepLabLayers(const TensorFile& file, const CaffeLayers& classifier) {
  CaffeLayers layers;
  for (const auto& [theirs, ours] : classifier) {
    if (!HasPrefix(ours, "classifier") && !HasPrefix(ours, "fc"))
      layers[theirs] = "backbone." + ours;
  }
  const bool aspp = IsConvolution(file, "fc6_1");
  for (const std::string& layer : LayersOf(file)) {
    const std::string ours = HeadLayer(layer, aspp);
    if (!ours.empty()) layers[layer] = ours;
  }
  for (const char* source : {"data", "pool1", "pool2", "pool3", "pool4"}) {
    for (const char* part : {"_conv", "_fc", "_ms"}) {
      const std::string layer = StrCat(source, part);
      layers[layer] = "msc." + layer;
    }
  }
  return layers;
}

bool IsScaleCopy(const TensorFile& file, const std::string& name, const at::Tensor& tensor) {
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos) return false;
  const std::string layer = name.substr(0, dot);
  for (const std::string_view suffix : {"_res05", "_res075"}) {
    if (!layer.ends_with(suffix)) continue;
    const at::Tensor* whole =
        file.Find(layer.substr(0, layer.size() - suffix.size()) + name.substr(dot));
    return whole != nullptr && whole->sizes() == tensor.sizes() && at::equal(*whole, tensor);
  }
  return false;
}

}  // namespace seglab
