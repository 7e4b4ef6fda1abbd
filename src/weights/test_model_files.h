#pragma once

#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "base/test_error.h"
#include "base/test_folder.h"
#include "base/test_log.h"
#include "data/test_dataset.h"
#include "models/test_models.h"
#include "weights/checkpoint_file.h"

// Helpers of the tests of weight files.
namespace seglab {

/// A network none of whose weights is as fresh ones are.
inline std::shared_ptr<SegModel> UsedModel(const Json& spec, int classes, uint64_t seed = 7) {
  std::shared_ptr<SegModel> model = SeededModel(spec, classes, seed);
  torch::NoGradGuard no_grad;
  for (at::Tensor& parameter : model->parameters())
    parameter.add_(torch::randn_like(parameter), 0.05);
  for (at::Tensor& buffer : model->buffers()) {
    if (buffer.is_floating_point()) buffer.add_(0.125);
  }
  return model;
}

inline void Save(const std::string& path, const SegModel& model, const Json& spec, int classes) {
  WriteSafetensors(path, ModuleState(model), ModelMetadata(model, spec, TestLabels(classes)));
}

/// A checkpoint of a training that goes on: an optimiser's state stands in it too.
inline void SaveUnfinished(const std::string& path, const SegModel& model, const Json& spec,
                           int classes) {
  NamedTensors tensors = ModuleState(model);
  for (const auto& [name, tensor] : ModuleState(model)) {
    tensors.emplace_back(kOptimizerPrefix + ("momentum." + name), at::zeros_like(tensor));
  }
  WriteSafetensors(path, tensors, ModelMetadata(model, spec, TestLabels(classes)));
}

/// The weights alone, as another program saves them.
inline void SaveBare(const std::string& path, const SegModel& model,
                     const std::map<std::string, std::string>& metadata = {}) {
  WriteSafetensors(path, ModuleState(model), metadata);
}

inline at::Tensor Get(const NamedTensors& tensors, const std::string& name) {
  for (const auto& item : tensors) {
    if (item.first == name) return item.second;
  }
  throw std::logic_error("no tensor " + name);
}

inline bool IsOneLine(const std::string& text) { return text.find('\n') == std::string::npos; }

}  // namespace seglab
