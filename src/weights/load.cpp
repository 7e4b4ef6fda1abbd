#include "weights/load.h"

#include <torch/torch.h>

#include <algorithm>
#include <climits>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "data/voc.h"
#include "models/registry.h"
#include "tensor/state.h"
#include "weights/caffe_names.h"
#include "weights/checkpoint_file.h"
#include "weights/network_shapes.h"
#include "weights/traits.h"
#include "weights/weight_preprocessing.h"

namespace seglab {
namespace {

bool HasAuxiliaryHead(const NamedTensors& tensors) {
  return std::any_of(tensors.begin(), tensors.end(),
                     [](const auto& item) { return HasAnyPrefix(item.first, AuxiliaryHeads()); });
}

/// Of a file that does not name its classes.
LabelSet AssumedLabels(int classes, Task task, const std::string& path) {
  // Of one class: the score layer is not there, which the strict loader says better.
  if (task == Task::kClassification || classes == 1) return NumberedLabels(classes);
  if (classes != VocLabels().size()) {
    throw Error(path, ": does not name its ", classes,
                " classes; name them with --labels voc, --labels camvid or --labels FILE.json");
  }
  Log::Info(path, ": its ", classes,
            " classes are taken for those of PASCAL VOC; --labels names others");
  return VocLabels();
}

/// @throws Error when the chosen classes cannot be those that the network was trained for
void CheckChosenLabels(const LabelSet& trained, const ModelChoice& choice,
                       const std::string& path) {
  if (choice.labels.size() == 0) return;
  if (choice.labels.size() != trained.size()) {
    throw Error(path, ": was trained for ", trained.size(), " classes, ", choice.labels_from,
                " has ", choice.labels.size(), "; take what it was trained on");
  }
  CheckSameClasses(trained, choice.labels, path);
}

/// @param where  names the spec in messages
LabelSet LabelsFor(const TensorFile& file, const Json& spec, const std::string& where,
                   const ModelChoice& choice, const std::string& path) {
  LabelSet trained;
  if (IsCheckpoint(file)) {
    trained = CheckpointLabels(file, path);
    CheckChosenLabels(trained, choice, path);
  }
  if (choice.labels.size() > 0) return choice.labels;
  if (trained.size() > 0) return trained;
  const Task task = ModelTask(spec, where);
  return AssumedLabels(ClassesOfWeights(file, spec, where, path), task, path);
}

PreprocessingChoice PreprocessingFor(const TensorFile& file, const LoadedModel& loaded,
                                     const ModelChoice& choice) {
  if (choice.model.is_null()) {
    PreprocessingChoice own = {loaded.model->preprocessing};
    own.value.FromMetadata(file.metadata, loaded.path);
    return own;
  }
  const Preprocessing* named = NamedPreprocessing(*loaded.model, loaded.spec);
  PreprocessingChoice chosen =
      ChoosePreprocessing(file, loaded.model->Traits(), named, loaded.path);
  if (chosen.assumed && choice.require_preprocessing) {
    throw Error(loaded.path,
                ": does not say how its images were normalised, which a checkpoint must; name it "
                "with --preprocessing imagenet, caffe, unit or JSON");
  }
  return chosen;
}

LoadOptions OptionsOfLoading(const std::string& path) {
  LoadOptions options;
  options.where = path;
  options.allow_unexpected = AuxiliaryHeads();
  return options;
}

}  // namespace

const std::vector<std::string>& AuxiliaryHeads() {
  static const std::vector<std::string> heads = {"aux_classifier", "aux1", "aux2"};
  return heads;
}

TensorFile ReadWeightsFor(const Json& spec, const std::string& spec_path, const std::string& path,
                          const std::string& key) {
  TensorFile file = ReadNetworkWeights(path);
  if (!IsCheckpoint(file) || !key.empty())
    TakeWeightsOf(*MakeShapes(spec, spec_path), file, key, path);
  return file;
}

std::shared_ptr<SegModel> MakeWithWeights(const Json& spec, int classes,
                                          const std::string& spec_path, const TensorFile& file,
                                          const std::string& path) {
  CheckTrunk(spec, ModelTensors(file), OptionsOfLoading(path), spec_path);
  const std::shared_ptr<SegModel> shapes = MakeShapes(spec, classes, spec_path);
  CheckTraits(file, *shapes, spec, path);
  CheckState(ModuleState(*shapes), ModelTensors(file), OptionsOfLoading(path));
  std::shared_ptr<SegModel> model = MakeModel(spec, classes, spec_path);
  LoadWeights(*model, file, path);
  return model;
}

void LoadWeights(SegModel& model, const TensorFile& file, const std::string& path) {
  const LoadOptions options = OptionsOfLoading(path);
  const NamedTensors tensors = ModelTensors(file);
  LoadState(model, tensors, options);
  if (HasAuxiliaryHead(tensors) && !HasAuxiliaryHead(ModuleState(model))) {
    Log::Info(path,
              ": its auxiliary head is left out; \"aux_loss\": true in the network's JSON "
              "keeps it");
  }
}

int ClassesOfWeights(const TensorFile& file, const Json& spec, const std::string& spec_path,
                     const std::string& path) {
  int named = 0;
  if (spec.is_object() && JsonReader(spec, spec_path).Get("num_classes", named, 1, 100000))
    return named;
  std::unordered_map<std::string_view, const at::Tensor*> source;
  for (const auto& [name, tensor] : file.tensors) source.emplace(name, &tensor);
  int64_t classes = 1;
  for (const auto& [name, target] : ModuleState(*MakeShapes(spec, 1, spec_path))) {
    const auto found = source.find(name);
    if (found == source.end() || target.dim() < 2 || target.size(0) != 1) continue;
    const at::Tensor& tensor = *found->second;
    if (tensor.dim() != target.dim() || tensor.size(0) <= 1 ||
        tensor.sizes().slice(1) != target.sizes().slice(1)) {
      continue;
    }
    if (classes != 1 && tensor.size(0) != classes) {
      throw Error(path, ": ", name, " is for ", tensor.size(0), " classes, another layer for ",
                  classes, "; is it another network?");
    }
    classes = tensor.size(0);
  }
  return static_cast<int>(std::min<int64_t>(classes, INT_MAX));
}

LoadedModel ModelFromWeights(const TensorFile& file, const std::string& path,
                             const ModelChoice& choice) {
  const bool own_model = choice.model.is_null();
  if (own_model && !IsCheckpoint(file)) {
    throw Error(path,
                ": is no seglab checkpoint (its metadata does not name its network); name the "
                "network with --model");
  }
  const std::string where = own_model ? path + " (model)" : choice.model_from;
  LoadedModel loaded;
  loaded.path = path;
  loaded.spec = own_model ? CheckpointSpec(file, path) : ModelObject(choice.model);
  TensorFile weights = file;
  if (!IsCheckpoint(file) || !choice.key.empty())
    TakeWeightsOf(*MakeShapes(loaded.spec, where), weights, choice.key, path);
  loaded.labels = LabelsFor(weights, loaded.spec, where, choice, path);
  loaded.model = MakeWithWeights(loaded.spec, loaded.labels.size(), where, weights, path);
  const PreprocessingChoice preprocessing = PreprocessingFor(weights, loaded, choice);
  loaded.model->preprocessing = preprocessing.value;
  preprocessing.Log();
  loaded.model->eval();
  return loaded;
}

LoadedModel LoadModelFile(const std::string& path, const ModelChoice& choice) {
  const std::string found = FindCheckpoint(path);
  return ModelFromWeights(ReadNetworkWeights(found), found, choice);
}

}  // namespace seglab
