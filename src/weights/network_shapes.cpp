#include "weights/network_shapes.h"

#include <torch/torch.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "base/error.h"
#include "models/rcnn.h"
#include "models/registry.h"
#include "tensor/compat.h"
#include "tensor/state.h"
#include "weights/load.h"
#include "weights/weight_place.h"

namespace seglab {

namespace {

/// Whether a network is fitted to features, which it computes as soon as it is made.
bool IsFitted(const Json& spec) {
  const Json object = ModelObject(spec);
  const Json name = object.is_object() ? object.value("name", Json()) : Json();
  return std::any_of(ModelRows().begin(), ModelRows().end(), [&](const ModelRow& row) {
    return row.recipe == Recipe::kFitted && name == Json(row.name);
  });
}

}  // namespace

std::shared_ptr<SegModel> MakeShapes(const Json& spec, int classes, const std::string& path) {
  try {
    std::optional<ShapesOnly> shapes;
    if (!IsFitted(spec)) shapes.emplace();
    return MakeModel(spec, classes, path);
  } catch (const c10::Error& error) {
    throw Error(path, ": describes a network that is larger than all memories (",
                error.what_without_backtrace(), ")");
  }
}

void CheckTrunk(const Json& spec, const NamedTensors& tensors, const LoadOptions& options,
                const std::string& path) {
  if (!IsFitted(spec)) return;
  const std::string prefix = kRcnnTrunk;
  NamedTensors trunk, found;
  const std::shared_ptr<SegModel> shapes =
      MakeShapes(RcnnTrunk(ModelObject(spec)), kRcnnTrunkClasses, path);
  for (const auto& [name, tensor] : ModuleState(*shapes)) trunk.emplace_back(prefix + name, tensor);
  for (const auto& [name, tensor] : tensors) {
    if (name.starts_with(prefix)) found.emplace_back(name, tensor);
  }
  CheckState(trunk, found, options);
}

std::shared_ptr<SegModel> MakeShapes(const Json& spec, const std::string& path) {
  const bool counted = spec.is_object() && spec.contains("num_classes");
  return MakeShapes(spec, counted ? 0 : 1, path);
}

void TakeWeightsOf(const SegModel& shapes, TensorFile& file, const std::string& key,
                   const std::string& path) {
  std::set<std::string> known;
  size_t needed = 0;
  for (const auto& [name, tensor] : ModuleState(shapes)) {
    known.insert(name);
    if (!MayAlwaysMiss(name)) ++needed;
  }
  const auto fits = [&](const NamedTensors& tensors) {
    size_t found = 0;
    for (const auto& [name, tensor] : tensors) {
      if (known.count(name) == 0) {
        if (!HasAnyPrefix(name, AuxiliaryHeads())) return false;
      } else if (!MayAlwaysMiss(name)) {
        ++found;
      }
    }
    return found == needed;
  };
  TakeFitting(file, key, fits, path);
}

}  // namespace seglab
