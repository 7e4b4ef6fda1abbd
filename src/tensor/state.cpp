#include "tensor/state.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "base/names.h"
#include "tensor/quoted.h"

namespace seglab {
namespace {

/// Names in a message before "and n more": where they are another network's they tell little.
constexpr size_t kListed = 100, kListedOfAnother = 4;

std::string List(const std::vector<std::string>& names, size_t most) {
  std::vector<std::string> shown(names.begin(), names.begin() + std::min(names.size(), most));
  std::string text = Join(shown);
  if (names.size() > most) text += StrCat(" and ", names.size() - most, " more");
  return text;
}

/// The names, of a file, quoted, with the nearest of `candidates`. What List leaves out stays as it
/// is.
std::vector<std::string> WithNearest(std::vector<std::string> names,
                                     const std::vector<std::string>& candidates) {
  for (size_t i = 0; i < std::min(names.size(), kListed); ++i) {
    const std::string near = NearestName(names[i], candidates);
    names[i] = Quoted(names[i]);
    if (!near.empty()) names[i] += StrCat(" (near ", near, ")");
  }
  return names;
}

/// A tensor of the right name and the wrong shape.
struct Misfit {
  std::string name;
  at::Tensor found, wanted;
};

std::vector<std::string> Texts(const std::vector<Misfit>& misfits) {
  std::vector<std::string> texts;
  for (const Misfit& misfit : misfits) {
    texts.push_back(StrCat(misfit.name, " is ", ShapeText(misfit.found.sizes()), " but must be ",
                           ShapeText(misfit.wanted.sizes())));
  }
  return texts;
}

/// Whether all have the same numbers of rows too many or too few and fit otherwise.
bool OnlyClassesDiffer(const std::vector<Misfit>& misfits) {
  return std::all_of(misfits.begin(), misfits.end(), [&](const Misfit& misfit) {
    const at::Tensor &found = misfit.found, &wanted = misfit.wanted, &first = misfits[0].found;
    return found.dim() > 0 && found.dim() == wanted.dim() && first.dim() > 0 &&
           found.size(0) == first.size(0) && wanted.size(0) == misfits[0].wanted.size(0) &&
           found.sizes().slice(1) == wanted.sizes().slice(1);
  });
}

std::string ClassesAdvice(const std::vector<Misfit>& misfits, const LoadOptions& options) {
  std::string text = StrCat("they are for ", misfits[0].found.size(0),
                            " classes, the network is for ", misfits[0].wanted.size(0));
  if (!options.may_skip) return text + "; give it as many";
  std::vector<std::string> layers;
  for (const Misfit& misfit : misfits) {
    const std::string layer = Quoted(misfit.name.substr(0, misfit.name.rfind('.')));
    if (std::find(layers.begin(), layers.end(), layer) == layers.end()) layers.push_back(layer);
  }
  return StrCat(text, "; \"init\": {\"from\": \"", options.where, "\", \"skip\": [", Join(layers),
                "]} starts these layers afresh");
}

/// The tensors of a module's state with what goes into them.
using Pairs = std::vector<std::pair<at::Tensor, std::pair<std::string, at::Tensor>>>;

}  // namespace

bool MayAlwaysMiss(const std::string& name) { return name.ends_with("num_batches_tracked"); }

bool HasPrefix(const std::string& name, const std::string& prefix) {
  if (name.compare(0, prefix.size(), prefix) != 0) return false;
  return prefix.empty() || name.size() == prefix.size() || prefix.back() == '.' ||
         name[prefix.size()] == '.';
}

bool HasAnyPrefix(const std::string& name, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return HasPrefix(name, prefix); });
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

namespace {

/// CheckState; what is to be copied where.
Pairs Matched(const NamedTensors& state, const NamedTensors& tensors, const LoadOptions& options) {
  std::unordered_map<std::string_view, const at::Tensor*> source;
  for (const auto& [name, tensor] : tensors) source.emplace(name, &tensor);
  std::unordered_set<std::string_view> known;
  std::vector<std::string> missing, unexpected;
  std::vector<Misfit> misshaped;
  Pairs copies;
  for (const auto& [name, target] : state) {
    known.insert(name);
    const auto found = source.find(name);
    if (found == source.end()) {
      if (!MayAlwaysMiss(name) && !HasAnyPrefix(name, options.allow_missing))
        missing.push_back(name);
    } else if (found->second->sizes() != target.sizes()) {
      misshaped.push_back({name, *found->second, target});
    } else {
      copies.emplace_back(target, std::pair(name, *found->second));
    }
  }
  for (const auto& [name, tensor] : tensors) {
    if (known.count(name) == 0 && !HasAnyPrefix(name, options.allow_unexpected))
      unexpected.push_back(name);
  }
  if (missing.empty() && unexpected.empty() && misshaped.empty()) return copies;
  const bool only_classes = missing.empty() && unexpected.empty() && OnlyClassesDiffer(misshaped);
  const bool another = 2 * (copies.size() + misshaped.size()) < state.size();
  const size_t most = another ? kListedOfAnother : kListed;
  std::string text = options.where + ": the weights do not fit this network";
  if (!only_classes) text += ", load them into the one they were made for";
  if (another) text += " (seglab weights inspect names it)";
  if (!missing.empty()) text += StrCat("; missing ", missing.size(), ": ", List(missing, most));
  if (!unexpected.empty()) {
    text += StrCat("; unexpected ", unexpected.size(), ": ",
                   List(WithNearest(unexpected, missing), most));
  }
  if (!misshaped.empty())
    text += StrCat("; wrong shape ", misshaped.size(), ": ", List(Texts(misshaped), most));
  if (only_classes) text += "; " + ClassesAdvice(misshaped, options);
  throw Error(text);
}

}  // namespace

void CheckState(const NamedTensors& state, const NamedTensors& tensors,
                const LoadOptions& options) {
  Matched(state, tensors, options);
}

void LoadState(torch::nn::Module& module, const NamedTensors& tensors, const LoadOptions& options) {
  const Pairs copies = Matched(ModuleState(module), tensors, options);
  for (const auto& [target, source] : copies)
    CheckFinite(source.second, source.first, options.where);
  torch::NoGradGuard no_grad;
  for (const auto& [target, source] : copies) at::Tensor(target).copy_(source.second);
}

void CheckFinite(const at::Tensor& tensor, const std::string& name, const std::string& where) {
  if (!tensor.is_floating_point() || tensor.numel() == 0) return;
  torch::NoGradGuard no_grad;
  // A sum of finite numbers may be infinite too, but hardly ever is.
  if (std::isfinite(tensor.sum().item<double>())) return;
  const int64_t bad = tensor.numel() - at::isfinite(tensor).sum().item<int64_t>();
  if (bad == 0) return;
  throw Error(where, ": ", bad, " of the ", tensor.numel(), " numbers of ", Quoted(name),
              bad == 1 ? " is" : " are",
              " not finite (NaN or infinite): the training that made it has diverged; take an "
              "earlier checkpoint, or train again with a smaller rate");
}

}  // namespace seglab
