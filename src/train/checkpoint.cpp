#include "train/checkpoint.h"

#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "tensor/state.h"
#include "weights/checkpoint_file.h"

namespace seglab {
namespace {

/// The tensors whose names begin with a prefix, without it.
NamedTensors TensorsBehind(const std::string& prefix, const TensorFile& file) {
  NamedTensors found;
  for (const auto& [name, tensor] : file.tensors) {
    if (name.starts_with(prefix)) found.emplace_back(name.substr(prefix.size()), tensor);
  }
  return found;
}

void RestoreModel(const TensorFile& file, const NamedTensors& weights, const std::string& path,
                  SegModel& model) {
  LoadOptions options;
  options.where = path;
  LoadState(model, weights, options);
  model.preprocessing.FromMetadata(file.metadata, path);
}

}  // namespace

Json TrainState::ToJson() const {
  Json json = {
      {"run_hash", run_hash},     {"iteration", iteration},   {"loss_sum", loss_sum},
      {"loss_count", loss_count}, {"best_score", best_score}, {"best_iteration", best_iteration},
      {"seconds", seconds},       {"finished", finished},     {"evaluation_due", evaluation_due}};
  if (early_stopping.best >= 0 || early_stopping.waited > 0) {
    json["early_stopping"] = {{"best", early_stopping.best}, {"waited", early_stopping.waited}};
  }
  return json;
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
  if (auto early_stopping = reader.Child("early_stopping")) {
    state.early_stopping.best = early_stopping->Require<double>("best");
    state.early_stopping.waited = early_stopping->Require<int64_t>("waited");
    early_stopping->Finish();
  }
  reader.Finish();
  return state;
}

void SaveCheckpoint(const std::string& path, const SegModel& model, const Optimizer& optimizer,
                    const WeightAverage* average, const TrainState& state,
                    std::map<std::string, std::string> metadata) {
  if (state.finished) {
    SaveFinished(path, model, state, std::move(metadata));
    return;
  }
  NamedTensors tensors = ModuleState(model);
  for (const auto& [name, tensor] : optimizer.State())
    tensors.emplace_back(kOptimizerPrefix + name, tensor);
  if (average != nullptr) {
    for (const auto& [name, tensor] : average->State())
      tensors.emplace_back(kAveragePrefix + name, tensor);
  }
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
  const TensorFile file = ReadSafetensors(path);
  RestoreModel(file, TrainedTensors(file), path, model);
  const NamedTensors state = TensorsBehind(kOptimizerPrefix, file);
  if (!state.empty()) optimizer.LoadState(state);
}

void RestoreAverage(const std::string& path, WeightAverage& average) {
  average.LoadState(TensorsBehind(kAveragePrefix, ReadSafetensors(path)));
}

void RestoreFinished(const std::string& path, SegModel& model) {
  const TensorFile file = ReadSafetensors(path);
  RestoreModel(file, ModelTensors(file), path, model);
}

}  // namespace seglab
