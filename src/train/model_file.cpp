#include "train/model_file.h"

#include <algorithm>
#include <climits>
#include <set>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/names.h"
#include "data/folder.h"
#include "data/masks.h"
#include "data/voc.h"
#include "models/caffe_names.h"
#include "models/registry.h"
#include "tensor/quoted.h"
#include "tensor/state.h"
#include "tensor/weight_file.h"
#include "tensor/weight_preprocessing.h"
#include "train/checks.h"

namespace seglab {
namespace {

constexpr char kOptimizer[] = "optimizer.";
constexpr char kFormat[] = "seglab";  // in the metadata, under "format"

/// torchvision's names.
const std::vector<std::string>& AuxiliaryHeads() {
  static const std::vector<std::string> heads = {"aux_classifier", "aux1", "aux2"};
  return heads;
}

Json AsObject(const Json& spec) { return spec.is_string() ? Json{{"name", spec}} : spec; }

LabelSet NumberedLabels(int classes) {
  LabelSet labels;
  for (int i = 0; i < classes; ++i) {
    labels.names.push_back(StrCat("class ", i));
    labels.palette.push_back(VocColor(i));
  }
  return labels;
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

/// What the spec names. Null: unknown.
const Preprocessing* NamedPreprocessing(const Json& spec, const SegModel& model) {
  const bool named = spec.is_null() ? !(model.preprocessing == Preprocessing())
                                    : spec.is_object() && spec.contains("preprocessing");
  return named ? &model.preprocessing : nullptr;
}

NamedTensors Without(const NamedTensors& tensors, const std::vector<std::string>& prefixes) {
  NamedTensors kept;
  for (const auto& item : tensors) {
    if (!HasAnyPrefix(item.first, prefixes)) kept.push_back(item);
  }
  return kept;
}

/// @throws Error when a layer to skip is in none of the lists
void CheckSkips(const std::vector<std::string>& skips, const std::vector<NamedTensors>& lists,
                const std::string& path) {
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
    throw Error(path, ": \"skip\" names the layer ", Quoted(skip),
                ", which neither the file nor the network has",
                near.empty() ? "" : "; did you mean " + Quoted(near) + "?");
  }
}

/// What decides what a network computes and stands in no name or shape.
Json UnseenOptions(const Json& spec) {
  const Json network = AsObject(spec), backbone = network.value("backbone", Json());
  Json options = Json::object();
  for (const char* option : {"caffe", "relu6", "transform_input"})
    options[option] = backbone.is_object() ? backbone.value(option, Json(false)) : Json(false);
  if (network.value("name", Json()) != Json("classifier"))
    options["geometry"] = network.value("geometry", Json("tight"));
  return options;
}

/// Where the weights of a checkpoint go into a network that differs in what only its JSON tells.
void WarnOfUnseenOptions(const TensorFile& file, const Json& spec, const std::string& path) {
  if (!IsCheckpoint(file) || spec.is_null()) return;
  const Json theirs = UnseenOptions(ParseJson(file.metadata.at("model"), path + " (model)")),
             ours = UnseenOptions(spec);
  for (const auto& [option, value] : ours.items()) {
    if (!theirs.contains(option) || theirs[option] == value) continue;
    Log::Warn(path, ": its network had \"", option, "\": ", theirs[option].dump(),
              ", this one has ", value.dump(),
              "; the weights fit, but do not compute what they did there");
  }
}

}  // namespace

Json LabelsToJson(const LabelSet& labels) {
  return {{"names", labels.names}, {"palette", labels.palette}};
}

LabelSet LabelsFromJson(const Json& json, const std::string& path) {
  JsonReader reader(json, path);
  LabelSet labels;
  labels.names = reader.Require<std::vector<std::string>>("names");
  for (const auto& color : reader.Require<std::vector<std::vector<int>>>("palette")) {
    if (color.size() != 3) throw Error(reader.Path("palette"), ": a color must have 3 values");
    for (int value : color) {
      if (value < 0 || value > 255)
        throw Error(reader.Path("palette"), ": ", value, " is outside of 0 to 255");
    }
    labels.palette.push_back({static_cast<uint8_t>(color[0]), static_cast<uint8_t>(color[1]),
                              static_cast<uint8_t>(color[2])});
  }
  reader.Finish();
  return labels;
}

std::map<std::string, std::string> ModelMetadata(const SegModel& model, const Json& spec,
                                                 const LabelSet& labels) {
  std::map<std::string, std::string> metadata;
  metadata["format"] = kFormat;
  metadata["model"] = spec.dump();
  metadata["labels"] = LabelsToJson(labels).dump();
  model.preprocessing.ToMetadata(metadata);
  return metadata;
}

std::string FindCheckpoint(const std::string& path, const std::string& prefer) {
  if (!FolderExists(path)) {
    if (!FileExists(path))
      throw Error(path, ": no such checkpoint; give a weight file or a run folder");
    return path;
  }
  const std::string wanted = JoinPath(path, prefer + ".safetensors");
  if (FileExists(wanted)) return wanted;
  const std::string last = JoinPath(path, "last.safetensors");
  if (FileExists(last)) return last;
  throw Error(path, ": holds no checkpoint (best.safetensors or last.safetensors)");
}

NamedTensors ModelTensors(const TensorFile& file) {
  NamedTensors tensors;
  for (const auto& item : file.tensors) {
    if (item.first.rfind(kOptimizer, 0) != 0) tensors.push_back(item);
  }
  return tensors;
}

TensorFile ReadNetworkWeights(const std::string& path) {
  TensorFile file = ReadWeights(path);
  UseNetworkNames(file, path);
  return file;
}

bool IsCheckpoint(const TensorFile& file) {
  const auto format = file.metadata.find("format");
  return format != file.metadata.end() && format->second == kFormat &&
         file.metadata.count("model") != 0;
}

bool IsAuxiliary(const std::string& name) { return HasAnyPrefix(name, AuxiliaryHeads()); }

void LoadWeights(SegModel& model, const TensorFile& file, const std::string& path) {
  LoadOptions options;
  options.where = path;
  options.allow_unexpected = AuxiliaryHeads();
  const NamedTensors tensors = ModelTensors(file);
  LoadState(model, tensors, options);
  const auto auxiliary = [](const auto& item) { return IsAuxiliary(item.first); };
  const NamedTensors state = ModuleState(model);
  if (std::any_of(tensors.begin(), tensors.end(), auxiliary) &&
      std::none_of(state.begin(), state.end(), auxiliary)) {
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
  for (const auto& [name, target] : ModuleState(*MakeModel(spec, 1, spec_path))) {
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
  LoadedModel loaded;
  loaded.path = path;
  const bool ours = IsCheckpoint(file), own_model = choice.model.is_null();
  std::string where = choice.model_from;
  loaded.spec = AsObject(choice.model);
  if (own_model) {
    where = path + " (model)";
    if (!ours) {
      throw Error(path,
                  ": is no seglab checkpoint (its metadata does not name its network); name the "
                  "network with --model");
    }
    loaded.spec = ParseJson(file.metadata.at("model"), where);
  }
  CheckCaffeNetwork(file, loaded.spec, path);
  WarnOfUnseenOptions(file, loaded.spec, path);
  if (ours) {
    const std::string labels = path + " (labels)";
    const auto text = file.metadata.find("labels");
    if (text == file.metadata.end())
      throw Error(path, ": is damaged, its metadata names no classes (\"labels\")");
    loaded.labels = LabelsFromJson(ParseJson(text->second, labels), labels);
    if (choice.labels.size() > 0 && choice.labels.size() != loaded.labels.size()) {
      throw Error(path, ": was trained for ", loaded.labels.size(), " classes, ",
                  choice.labels_from, " has ", choice.labels.size(),
                  "; take what it was trained on");
    }
    if (choice.labels.size() > 0) CheckSameClasses(loaded.labels, choice.labels, path);
  }
  if (choice.labels.size() > 0) loaded.labels = choice.labels;
  if (loaded.labels.size() == 0) {
    const Task task = ModelTask(loaded.spec, where);
    loaded.labels = AssumedLabels(ClassesOfWeights(file, loaded.spec, where, path), task, path);
  }
  loaded.model = MakeModel(loaded.spec, loaded.labels.size(), where);
  PreprocessingChoice preprocessing = {loaded.model->preprocessing, "", false};
  if (!ours || !own_model) {
    preprocessing = ChoosePreprocessing(file, loaded.spec,
                                        NamedPreprocessing(loaded.spec, *loaded.model), path);
  } else {
    preprocessing.value.FromMetadata(file.metadata, path);
  }
  LoadWeights(*loaded.model, file, path);
  loaded.model->preprocessing = preprocessing.value;
  preprocessing.Log();
  loaded.model->eval();
  return loaded;
}

LoadedModel LoadModelFile(const std::string& path, const ModelChoice& choice) {
  const std::string found = FindCheckpoint(path);
  return ModelFromWeights(ReadNetworkWeights(found), found, choice);
}

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
  CheckCaffeNetwork(file, spec, path);
  WarnOfUnseenOptions(file, spec, path);
  const PreprocessingChoice preprocessing =
      ChoosePreprocessing(file, spec, NamedPreprocessing(spec, model), path);
  InitFromTensors(model, ModelTensors(file), options.skip, path);
  model.preprocessing = preprocessing.value;
  preprocessing.Log();
}

Json ParseModelSpec(const std::string& text, const std::string& where) {
  if (FileExists(text)) return NetworkOrBackbone(ReadJsonFile(text), text);
  const size_t first = text.find_first_not_of(" \t\r\n");
  const bool json = first != std::string::npos && text[first] == '{';
  return NetworkOrBackbone(json ? ParseJson(text, where) : Json(text), where);
}

LabelSet ParseLabels(const std::string& text, const std::string& where) {
  if (text == "voc") return VocLabels();
  if (text == "camvid") return CamvidLabels();
  if (!FileExists(text)) {
    throw Error(where, ": \"", text,
                "\" is neither voc nor camvid nor a JSON file {\"names\": [...]}");
  }
  Json json = ReadJsonFile(text);
  if (!json.is_object()) throw Error(text, ": must be an object {\"names\": [...]}");
  json.erase("ignore");  // of a data set's classes.json
  const bool colors = json.contains("palette");
  if (!colors) json["palette"] = Json::array();
  LabelSet labels = LabelsFromJson(json, text);
  if (labels.size() < 1 || labels.size() > kIgnoreLabel)
    throw Error(text, ".names: there must be 1 to ", kIgnoreLabel, ", found ", labels.size());
  if (!colors) labels.palette = NumberedLabels(labels.size()).palette;
  if (labels.palette.size() != labels.names.size()) {
    throw Error(text, ".palette: ", labels.palette.size(), " colors for ", labels.size(),
                " names; give one color a class, or leave the palette out");
  }
  return labels;
}

}  // namespace seglab
