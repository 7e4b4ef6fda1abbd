#include "train/checkpoint.h"

#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "tensor/state.h"
#include "weights/checkpoint_file.h"

namespace seglab {

Json TrainState::ToJson() const {
  return {
      {"run_hash", run_hash},     {"iteration", iteration},   {"loss_sum", loss_sum},
      {"loss_count", loss_count}, {"best_score", best_score}, {"best_iteration", best_iteration},
      {"seconds", seconds},       {"finished", finished},     {"evaluation_due", evaluation_due}};
}

TrainState TrainState::FromJson(const Json& json, const std::string& path) {
  TrainState state;
  JsonReader reader(json, path);
  state.run_hash = reader.Require<std::string>("run_hash");
  state.iteration = reader.Require<int64_t>("iteration");
  state.loss_sum = reader.Require<double>("loss_sum");
  state.loss_count = reader.Require<int64_t>("loss_count");
  state.best_score = reader.Require<double>("best_score");
  state.best_iteration = reader.Require<int64_t>("best_iteration");
  state.seconds = reader.Require<double>("seconds");
  state.finished = reader.Require<bool>("finished");
  reader.Get("evaluation_due", state.evaluation_due);
  reader.Finish();
  return state;
}

void SaveCheckpoint(const std::string& path, const SegModel& model, const Optimizer& optimizer,
                    const TrainState& state, std::map<std::string, std::string> metadata) {
  if (state.finished) {
    SaveFinished(path, model, state, std::move(metadata));
    return;
  }
  NamedTensors tensors = ModuleState(model);
  for (const auto& [name, tensor] : optimizer.State())
    tensors.emplace_back(kOptimizerPrefix + name, tensor);
  metadata["state"] = state.ToJson().dump();
  WriteSafetensors(path, tensors, metadata);
}

void SaveFinished(const std::string& path, const SegModel& model, const TrainState& state,
                  std::map<std::string, std::string> metadata) {
  metadata["state"] = state.ToJson().dump();
  WriteSafetensors(path, ModuleState(model), metadata);
}

std::optional<TrainState> ReadTrainState(const std::string& path) {
  if (!FileExists(path)) return std::nullopt;
  const TensorFile file = ReadSafetensors(path);
  auto found = file.metadata.find("state");
  if (found == file.metadata.end()) return std::nullopt;
  return TrainState::FromJson(ParseJson(found->second, path + " (state)"), path + " (state)");
}

void RestoreCheckpoint(const std::string& path, SegModel& model, Optimizer& optimizer) {
  RestoreFinished(path, model);
  NamedTensors state;
  const std::string prefix = kOptimizerPrefix;
  for (const auto& [name, tensor] : ReadSafetensors(path).tensors) {
    if (name.rfind(prefix, 0) == 0) state.emplace_back(name.substr(prefix.size()), tensor);
  }
  if (!state.empty()) optimizer.LoadState(state);
}

void RestoreFinished(const std::string& path, SegModel& model) {
  const TensorFile file = ReadSafetensors(path);
  LoadOptions options;
  options.where = path;
  LoadState(model, ModelTensors(file), options);
  model.preprocessing.FromMetadata(file.metadata, path);
}

}  // namespace seglab
