#include "train/model_file.h"

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "models/registry.h"
#include "tensor/state.h"

namespace seglab {
namespace {

constexpr char kOptimizer[] = "optimizer.";

const std::string& RequireMetadata(const TensorFile& file, const std::string& key,
                                   const std::string& path) {
  auto found = file.metadata.find(key);
  if (found == file.metadata.end()) {
    throw Error(path, ": is no seglab checkpoint (its metadata has no \"", key,
                "\"); name the network with --model and the file with --weights");
  }
  return found->second;
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
    labels.palette.push_back({static_cast<uint8_t>(color[0]), static_cast<uint8_t>(color[1]),
                              static_cast<uint8_t>(color[2])});
  }
  reader.Finish();
  return labels;
}

std::map<std::string, std::string> ModelMetadata(const SegModel& model, const Json& spec,
                                                 const LabelSet& labels) {
  std::map<std::string, std::string> metadata;
  metadata["format"] = "seglab";
  metadata["model"] = spec.dump();
  metadata["labels"] = LabelsToJson(labels).dump();
  model.preprocessing.ToMetadata(metadata);
  return metadata;
}

std::string FindCheckpoint(const std::string& path, const std::string& prefer) {
  if (!FolderExists(path)) {
    if (!FileExists(path))
      throw Error(path, ": no such checkpoint; give a .safetensors file or a run folder");
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

LoadedModel LoadModelFile(const std::string& path) {
  LoadedModel loaded;
  loaded.path = FindCheckpoint(path);
  const TensorFile file = ReadSafetensors(loaded.path);
  loaded.spec = ParseJson(RequireMetadata(file, "model", loaded.path), loaded.path + " (model)");
  loaded.labels =
      LabelsFromJson(ParseJson(RequireMetadata(file, "labels", loaded.path), loaded.path),
                     loaded.path + " (labels)");
  loaded.model = MakeModel(loaded.spec, loaded.labels.size(), loaded.path + " (model)");
  loaded.model->preprocessing.FromMetadata(file.metadata, loaded.path);
  LoadOptions options;
  options.where = loaded.path;
  LoadState(*loaded.model, ModelTensors(file), options);
  loaded.model->eval();
  return loaded;
}

void InitFromFile(SegModel& model, const InitOptions& options) {
  const std::string path = FindCheckpoint(options.from, "last");
  const TensorFile file = ReadSafetensors(path);
  NamedTensors source;
  for (const auto& item : ModelTensors(file)) {
    const bool skipped =
        std::any_of(options.skip.begin(), options.skip.end(),
                    [&](const auto& prefix) { return HasPrefix(item.first, prefix); });
    if (!skipped) source.push_back(item);
  }
  SegModel::Start start = model.StartFrom(source);
  LoadOptions load;
  load.where = path;
  load.allow_missing = start.new_layers;
  load.allow_missing.insert(load.allow_missing.end(), options.skip.begin(), options.skip.end());
  load.allow_unexpected = start.dropped_layers;
  LoadState(model, start.tensors, load);
  model.preprocessing.FromMetadata(file.metadata, path);
}

}  // namespace seglab
