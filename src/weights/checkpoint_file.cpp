#include "weights/checkpoint_file.h"

#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "base/files.h"
#include "tensor/quoted.h"

namespace seglab {
namespace {

constexpr char kFormat[] = "seglab";  // in the metadata, under "format"

}  // namespace

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

std::map<std::string, std::string> ModelMetadata(const SegModel& model, const Json& spec,
                                                 const LabelSet& labels) {
  std::map<std::string, std::string> metadata;
  metadata["format"] = kFormat;
  metadata["model"] = spec.dump();
  metadata["labels"] = LabelsToJson(labels).dump();
  metadata["traits"] = Json(model.Traits()).dump();
  model.preprocessing.ToMetadata(metadata);
  return metadata;
}

bool IsCheckpoint(const TensorFile& file) {
  const auto format = file.metadata.find("format");
  return format != file.metadata.end() && format->second == kFormat &&
         file.metadata.count("model") != 0;
}

Json CheckpointSpec(const TensorFile& file, const std::string& path) {
  const std::string where = path + " (model)";
  const Json spec = ParseJson(file.metadata.at("model"), where);
  const bool named = spec.is_object() && spec.contains("name") && spec["name"].is_string();
  if (!spec.is_string() && !named) {
    throw Error(where, ": is damaged, must be a network, {\"name\": ...}, found ",
                Quoted(spec.dump(-1, ' ', false, Json::error_handler_t::replace)),
                "; name the network with --model");
  }
  return spec;
}

LabelSet CheckpointLabels(const TensorFile& file, const std::string& path) {
  const auto text = file.metadata.find("labels");
  if (text == file.metadata.end())
    throw Error(path, ": is damaged, its metadata names no classes (\"labels\")");
  const std::string where = path + " (labels)";
  return LabelsFromJson(ParseJson(text->second, where), where);
}

std::optional<NetworkTraits> CheckpointTraits(const TensorFile& file, const std::string& path) {
  const auto text = file.metadata.find("traits");
  if (text == file.metadata.end()) return std::nullopt;
  const std::string where = path + " (traits)";
  const Json json = ParseJson(text->second, where);
  if (!json.is_object()) throw Error(where, ": is damaged, must be an object");
  NetworkTraits traits;
  for (const auto& [name, value] : json.items()) {
    if (!value.is_string()) throw Error(where, ": is damaged, ", name, " must be a text");
    traits[name] = value.get<std::string>();
  }
  return traits;
}

NamedTensors ModelTensors(const TensorFile& file) {
  std::unordered_map<std::string_view, const at::Tensor*> averages;
  if (IsCheckpoint(file)) {
    constexpr std::string_view kPrefix = kAveragePrefix;
    for (const auto& [name, tensor] : file.tensors) {
      if (name.starts_with(kPrefix))
        averages.emplace(std::string_view(name).substr(kPrefix.size()), &tensor);
    }
  }
  NamedTensors tensors = TrainedTensors(file);
  for (auto& [name, tensor] : tensors) {
    const auto average = averages.find(name);
    if (average != averages.end()) tensor = *average->second;
  }
  return tensors;
}

NamedTensors TrainedTensors(const TensorFile& file) {
  const bool own = IsCheckpoint(file);  // other programs' layers may be called "ema"
  NamedTensors tensors;
  for (const auto& item : file.tensors) {
    if (item.first.starts_with(kOptimizerPrefix)) continue;
    if (own && item.first.starts_with(kAveragePrefix)) continue;
    tensors.push_back(item);
  }
  return tensors;
}

}  // namespace seglab
