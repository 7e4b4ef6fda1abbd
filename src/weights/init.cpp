#include "weights/init.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/names.h"
#include "tensor/quoted.h"
#include "tensor/state.h"
#include "weights/caffe_names.h"
#include "weights/checkpoint_file.h"
#include "weights/traits.h"
#include "weights/weight_place.h"
#include "weights/weight_preprocessing.h"

namespace seglab {
namespace {

NamedTensors Without(const NamedTensors& tensors, const std::vector<std::string>& prefixes) {
  NamedTensors kept;
  for (const auto& item : tensors) {
    if (!HasAnyPrefix(item.first, prefixes)) kept.push_back(item);
  }
  return kept;
}

/// @throws Error when a layer to skip is in none of the lists
void CheckSkips(const std::vector<std::string>& skips, const std::vector<NamedTensors>& lists,
                const std::string& where) {
  std::set<std::string> layers;
  for (const NamedTensors& list : lists) {
    for (const auto& [name, tensor] : list) {
      for (size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1))
        layers.insert(name.substr(0, dot));
      layers.insert(name);
    }
  }
  for (const std::string& skip : skips) {
    const std::string layer = skip.ends_with('.') ? skip.substr(0, skip.size() - 1) : skip;
    if (layers.count(layer) != 0) continue;
    const std::string near = NearestName(layer, {layers.begin(), layers.end()});
    throw Error(where, ": \"skip\" names the layer ", Quoted(skip),
                ", which neither the file nor the network has",
                near.empty() ? "" : "; did you mean " + Quoted(near) + "?");
  }
}

/// Whether the names of tensors are such that they may start the network.
bool NamesStart(const SegModel& model, const std::set<std::string>& known,
                const NamedTensors& tensors, const std::vector<std::string>& skip) {
  NamedTensors there;
  for (const auto& item : Without(tensors, skip)) {
    if (item.second.defined()) there.push_back(item);
  }
  SegModel::Start start;
  try {
    start = model.StartFrom(there);
  } catch (const Error&) {
    return false;
  }
  size_t found = 0;
  std::set<std::string> given;
  for (const auto& [name, tensor] : Without(start.tensors, skip)) {
    given.insert(name);
    if (known.count(name) != 0) {
      ++found;
    } else if (!HasAnyPrefix(name, start.dropped_layers)) {
      return false;
    }
  }
  return found > 0 && std::all_of(known.begin(), known.end(), [&](const std::string& name) {
           return given.count(name) != 0 || MayAlwaysMiss(name) || HasAnyPrefix(name, skip) ||
                  HasAnyPrefix(name, start.new_layers);
         });
}

/// Leaves in the file what may start the network, as TakeWeightsOf does for a whole one.
void TakeStart(const SegModel& model, const InitOptions& options, TensorFile& file,
               const std::string& path) {
  std::set<std::string> known;
  for (const auto& [name, tensor] : ModuleState(model)) known.insert(name);
  const auto fits = [&](const NamedTensors& tensors) {
    return NamesStart(model, known, tensors, options.skip);
  };
  TakeFitting(file, options.key, fits, path);
}

}  // namespace

void InitFromTensors(SegModel& model, const NamedTensors& tensors,
                     const std::vector<std::string>& skip, const std::string& where) {
  // Layers to skip go by the names there or by the network's.
  SegModel::Start start = model.StartFrom(Without(tensors, skip));
  CheckSkips(skip, {tensors, start.tensors, ModuleState(model)}, where);
  start.tensors = Without(start.tensors, skip);
  LoadOptions load;
  load.where = where;
  load.may_skip = true;
  load.allow_missing = start.new_layers;
  load.allow_missing.insert(load.allow_missing.end(), skip.begin(), skip.end());
  load.allow_unexpected = start.dropped_layers;
  LoadState(model, start.tensors, load);
}

void InitFromFile(SegModel& model, const InitOptions& options, const Json& spec) {
  const std::string path = FindCheckpoint(options.from, "last");
  TensorFile file = ReadNetworkWeights(path);
  if (!IsCheckpoint(file) || !options.key.empty()) TakeStart(model, options, file, path);
  CheckTraits(file, model, spec, path);
  const PreprocessingChoice preprocessing =
      ChoosePreprocessing(file, model.Traits(), NamedPreprocessing(model, spec), path);
  InitFromTensors(model, ModelTensors(file), options.skip, path);
  model.preprocessing = preprocessing.value;
  preprocessing.Log();
}

}  // namespace seglab
