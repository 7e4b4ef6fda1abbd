#pragma once

#include <map>
#include <memory>
#include <string>

#include "train/model_file.h"
#include "train/test_training.h"

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

/// The weights alone, as another program saves them.
inline void SaveBare(const std::string& path, const SegModel& model,
                     const std::map<std::string, std::string>& metadata = {}) {
  WriteSafetensors(path, ModuleState(model), metadata);
}

inline bool IsOneLine(const std::string& text) { return text.find('\n') == std::string::npos; }

}  // namespace seglab
