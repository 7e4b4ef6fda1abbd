#include "tensor/state.h"

#include <torch/torch.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/names.h"

namespace seglab {
namespace {

constexpr size_t kListed = 8;  // names in a message before "and n more"

std::string List(const std::vector<std::string>& names) {
  std::vector<std::string> shown(names.begin(), names.begin() + std::min(names.size(), kListed));
  std::string text = Join(shown);
  if (names.size() > kListed) text += StrCat(" and ", names.size() - kListed, " more");
  return text;
}

bool HasAnyPrefix(const std::string& name, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return HasPrefix(name, prefix); });
}

bool MayAlwaysMiss(const std::string& name) {
  static const std::string kTracked = "num_batches_tracked";
  return name.size() >= kTracked.size() &&
         name.compare(name.size() - kTracked.size(), kTracked.size(), kTracked) == 0;
}

}  // namespace

bool HasPrefix(const std::string& name, const std::string& prefix) {
  if (name.compare(0, prefix.size(), prefix) != 0) return false;
  return prefix.empty() || name.size() == prefix.size() || prefix.back() == '.' ||
         name[prefix.size()] == '.';
}

std::string ShapeText(at::IntArrayRef shape) {
  std::vector<std::string> sides;
  for (int64_t side : shape) sides.push_back(side < 0 ? "any" : std::to_string(side));
  return "(" + Join(sides) + ")";
}

void CheckShape(const at::Tensor& tensor, const std::vector<int64_t>& shape,
                const std::string& where) {
  bool fits = tensor.defined() && tensor.dim() == static_cast<int64_t>(shape.size());
  for (size_t i = 0; fits && i < shape.size(); ++i)
    fits = shape[i] < 0 || shape[i] == tensor.size(i);
  if (fits) return;
  throw Error(where, ": expected shape ", ShapeText(shape), ", found ",
              tensor.defined() ? ShapeText(tensor.sizes()) : std::string("nothing"));
}

NamedTensors ModuleState(const torch::nn::Module& module) {
  NamedTensors state;
  for (const auto& item : module.named_parameters()) state.emplace_back(item.key(), item.value());
  for (const auto& item : module.named_buffers()) state.emplace_back(item.key(), item.value());
  return state;
}

void LoadState(torch::nn::Module& module, const NamedTensors& tensors, const LoadOptions& options) {
  std::map<std::string, at::Tensor> source(tensors.begin(), tensors.end());
  std::vector<std::string> known, missing, unexpected, misshaped;
  std::vector<std::pair<at::Tensor, at::Tensor>> copies;
  for (auto& [name, target] : ModuleState(module)) {
    known.push_back(name);
    auto found = source.find(name);
    if (found == source.end()) {
      if (!MayAlwaysMiss(name) && !HasAnyPrefix(name, options.allow_missing))
        missing.push_back(name);
    } else if (found->second.sizes() != target.sizes()) {
      misshaped.push_back(StrCat(name, " is ", ShapeText(found->second.sizes()), " but must be ",
                                 ShapeText(target.sizes())));
    } else {
      copies.emplace_back(target, found->second);
    }
  }
  for (const auto& [name, tensor] : tensors) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    if (HasAnyPrefix(name, options.allow_unexpected)) continue;
    const std::string near = NearestName(name, missing);
    unexpected.push_back(near.empty() ? name : StrCat(name, " (near ", near, ")"));
  }
  if (!missing.empty() || !unexpected.empty() || !misshaped.empty()) {
    std::string text = options.where + ": the weights do not fit this network";
    if (!missing.empty()) text += StrCat("; missing ", missing.size(), ": ", List(missing));
    if (!unexpected.empty())
      text += StrCat("; unexpected ", unexpected.size(), ": ", List(unexpected));
    if (!misshaped.empty())
      text += StrCat("; wrong shape ", misshaped.size(), ": ", List(misshaped));
    throw Error(text, "; load them into the network they were made for");
  }
  torch::NoGradGuard no_grad;
  for (auto& [target, value] : copies) target.copy_(value);
}

}  // namespace seglab
