#include "weights/network_match.h"

#include <torch/torch.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "models/backbones/backbone.h"
#include "models/registry.h"
#include "tensor/compat.h"
#include "tensor/state.h"

namespace seglab {
namespace {

constexpr double kThin = 1.0 / 64;  // names do not depend on the width, and this is made at once

struct Candidate {
  Json spec;  ///< of width 1

  Json AtWidth(double width) const {
    Json made = spec;
    if (!made.contains("backbone")) {
      made["width"] = width;
      return made;
    }
    made["backbone"] = ModelObject(made["backbone"]);
    made["backbone"]["width"] = width;
    return made;
  }

  /// Made at once; only names, sides and kernels are those of the network.
  Json Thin() const {
    Json made = AtWidth(kThin);
    if (made["name"] == "deeplab_v1") made["fc_width"] = 1;  // else of VGG's width on other trunks
    return made;
  }
};

/// An option of a backbone that changes its names. All others that names do not tell are off.
struct NamingOption {
  std::string_view backbone;
  const char* option;
  bool of_classifier;  ///< only its classifier has it
};
constexpr NamingOption kNamingOptions[] = {
    {"alexnet", "caffe", false}, {"googlenet", "caffe", false}, {"googlenet", "aux_loss", true}};

/// A backbone with each choice of these options, the plain one first, by its name.
std::vector<Json> Variants(const std::string& backbone, bool classifier) {
  std::vector<Json> variants = {backbone};
  for (const NamingOption& naming : kNamingOptions) {
    if (naming.backbone != backbone || (naming.of_classifier && !classifier)) continue;
    for (size_t i = 0, before = variants.size(); i < before; ++i) {
      Json variant = ModelObject(variants[i]);
      variant[naming.option] = true;
      variants.push_back(variant);
    }
  }
  return variants;
}

/// {"name": network, "backbone": ...} for all backbones.
void AddBackbones(const std::string& network, bool classifier, std::vector<Candidate>& candidates) {
  for (const BackboneRow& row : BackboneRows()) {
    for (const Json& backbone : Variants(row.name, classifier))
      candidates.push_back(Candidate{Json{{"name", network}, {"backbone", backbone}}});
  }
}

/// The side of a layer's kernel; 0 where it has none.
int64_t KernelSide(const NamedTensors& tensors, const std::string& layer) {
  for (const auto& [name, tensor] : tensors) {
    if (name == layer + ".weight" && tensor.dim() == 4) return tensor.size(2);
  }
  return 0;
}

bool HasLayer(const NamedTensors& tensors, const std::string& layer) {
  return std::any_of(tensors.begin(), tensors.end(),
                     [&](const auto& item) { return HasPrefix(item.first, layer); });
}

/// What of a DeepLab's options its names and kernels tell; more than one where only rates differ,
/// the default first. "name" and "backbone" are still to come.
std::vector<Json> DeepLabOptions(const std::string& network, const NamedTensors& tensors) {
  if (network == "deeplab_v2") {
    if (HasLayer(tensors, "fc6.1") || HasLayer(tensors, "fc1.c0"))
      return {Json::object(), {{"head", "aspp_s"}}};
    return {{{"head", KernelSide(tensors, "fc1") == 1 ? "score" : "largefov"}}};
  }
  Json options = Json::object();
  if (HasLayer(tensors, "msc")) options["msc"] = true;
  std::vector<Json> all;
  for (const auto& [name, side] :
       {std::pair("largefov", 3), {"7x7_r4", 7}, {"4x4_r4", 4}, {"4x4_r8", 4}}) {
    if (KernelSide(tensors, "fc6") != side) continue;
    if (side != 3) options["fc6"] = name;
    all.push_back(options);
  }
  return all;
}

/// Whether a trunk has the finest map that DeepLab's "msc" looks at, as all but AlexNet have.
bool HasMapOfStride2(const Json& backbone) {
  Json thin = ModelObject(backbone);
  thin["width"] = kThin;
  return MakeTrunk(thin, {}, "weights")->Strides().front() == 2;
}

void AddDeepLab(const std::string& network, const NamedTensors& tensors,
                std::vector<Candidate>& candidates) {
  std::vector<Candidate> plain;
  AddBackbones(network, false, plain);
  for (const Json& options : DeepLabOptions(network, tensors)) {
    for (Candidate candidate : plain) {
      if (options.contains("msc") && !HasMapOfStride2(candidate.spec["backbone"])) continue;
      candidate.spec.update(options);
      candidates.push_back(candidate);
    }
  }
}

/// Only those that the outermost names leave possible.
std::vector<Candidate> Candidates(const NamedTensors& tensors) {
  std::vector<Candidate> candidates;
  const bool backbone = HasLayer(tensors, "backbone"), fcn = HasLayer(tensors, "score_fr");
  const bool deeplab = HasLayer(tensors, "fc8") || HasLayer(tensors, "fc1");
  for (const ModelRow& row : ModelRows()) {
    if (row.recipe == Recipe::kFitted) continue;  // other programs have no files of such
    if (row.task == Task::kClassification) {
      if (!backbone) AddBackbones(row.name, true, candidates);
    } else if (row.name.starts_with("fcn") && row.name.find("resnet") == std::string::npos) {
      if (fcn) AddBackbones(row.name, false, candidates);
    } else if (row.name == "deeplab_v1" || row.name == "deeplab_v2") {
      if (backbone && deeplab) AddDeepLab(row.name, tensors, candidates);
    } else if (!fcn && (row.name.starts_with("fcn_") || row.name.starts_with("deeplabv3_"))) {
      // The other networks' layers have names of ours: no file of others fits them.
      candidates.push_back(Candidate{Json{{"name", row.name}}});
      if (!HasLayer(tensors, "aux_classifier") || row.name.find("resnet") == std::string::npos)
        continue;
      candidates.push_back(Candidate{Json{{"name", row.name}, {"aux_loss", true}}});
    }
  }
  return candidates;
}

bool IsCounter(std::string_view name) { return name.ends_with("num_batches_tracked"); }

bool SameKernel(const at::Tensor& a, const at::Tensor& b) {
  if (a.dim() != b.dim()) return false;
  for (int64_t i = 2; i < a.dim(); ++i) {
    if (a.size(i) != b.size(i)) return false;
  }
  return true;
}

enum class Fit { kNone, kWithoutClassifier, kWhole };

Fit FitOf(const SegModel& model, const NamedTensors& tensors) {
  std::unordered_map<std::string_view, const at::Tensor*> source;
  for (const auto& [name, tensor] : tensors) {
    if (!IsCounter(name)) source.emplace(name, &tensor);
  }
  size_t found = 0;
  bool whole = true;
  for (const auto& [name, tensor] : ModuleState(model)) {
    if (IsCounter(name)) continue;
    const auto there = source.find(name);
    if (there != source.end()) {
      if (!SameKernel(*there->second, tensor)) return Fit::kNone;
      ++found;
    } else if (HasPrefix(name, "classifier") || HasPrefix(name, "fc")) {
      whole = false;
    } else {
      return Fit::kNone;
    }
  }
  if (found == 0 || found != source.size()) return Fit::kNone;
  return whole ? Fit::kWhole : Fit::kWithoutClassifier;
}

/// The file's channels behind the first convolution as a multiple of the published network's.
double WidthOf(const Candidate& candidate, const NamedTensors& tensors) {
  // The published counts there are multiples of 32.
  constexpr double kQuarter = 0.25;
  for (const auto& [name, tensor] :
       ModuleState(*MakeModel(candidate.AtWidth(kQuarter), 2, "weights"))) {
    if (tensor.dim() != 4) continue;
    for (const auto& [there, found] : tensors) {
      if (there == name)
        return static_cast<double>(found.size(0)) * kQuarter / static_cast<double>(tensor.size(0));
    }
  }
  return 1;
}

}  // namespace

std::vector<NetworkMatch> MatchNetworks(const NamedTensors& tensors) {
  const ShapesOnly shapes;  // of the candidates
  std::vector<NetworkMatch> published, others;
  for (const Candidate& candidate : Candidates(tensors)) {
    const Fit fit = FitOf(*MakeModel(candidate.Thin(), 2, "weights"), tensors);
    if (fit == Fit::kNone) continue;
    const double width = WidthOf(candidate, tensors);
    if (width == 1) {
      published.push_back({candidate.spec, fit == Fit::kWhole});
    } else {
      others.push_back({candidate.AtWidth(width), fit == Fit::kWhole});
    }
  }
  return published.empty() ? others : published;
}

PlacedNetworks FindNetworks(const TensorFile& file, const std::string& key,
                            const std::string& path) {
  constexpr int kMostTries = 16;  // each makes all networks
  int tries = 0;
  const auto match = [](const NamedTensors& tensors) {
    const bool whole = std::all_of(tensors.begin(), tensors.end(),
                                   [](const auto& item) { return item.second.defined(); });
    return whole ? MatchNetworks(tensors) : std::vector<NetworkMatch>();
  };
  const auto fits = [&](const NamedTensors& tensors) {
    return tries++ < kMostTries && !match(tensors).empty();
  };
  const std::optional<WeightPlace> place = FittingPlace(file, key, fits, path);
  if (!place) return {UsualPlace(file, key, path), {}};
  return {*place, match(TensorsAt(file, *place))};
}

}  // namespace seglab
