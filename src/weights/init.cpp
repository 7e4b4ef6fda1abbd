#include "weights/init.h"

#include <set>

#include "base/error.h"
#include "base/names.h"
#include "tensor/quoted.h"
#include "tensor/state.h"
#include "weights/caffe_names.h"
#include "weights/checkpoint_file.h"
#include "weights/traits.h"
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
  const TensorFile file = ReadNetworkWeights(path);
  CheckTraits(file, model, spec, path);
  const PreprocessingChoice preprocessing =
      ChoosePreprocessing(file, model.Traits(), NamedPreprocessing(model, spec), path);
  InitFromTensors(model, ModelTensors(file), options.skip, path);
  model.preprocessing = preprocessing.value;
  preprocessing.Log();
}

}  // namespace seglab
