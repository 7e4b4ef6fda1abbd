#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "data/dataset.h"
#include "models/seg_model.h"
#include "tensor/tensor_file.h"

namespace seglab {

/// A trained network with everything needed to use it.
struct LoadedModel {
  std::shared_ptr<SegModel> model;  ///< in evaluation mode
  Json spec;                        ///< what MakeModel made it from
  LabelSet labels;                  ///< the classes it was trained for
  std::string path;                 ///< the file it came from
};

/// The metadata under which a network is saved: "model" (JSON), "labels" (JSON), preprocessing.
std::map<std::string, std::string> ModelMetadata(const SegModel& model, const Json& spec,
                                                 const LabelSet& labels);

/// Reads a checkpoint: a .safetensors file with that metadata, or a run folder (best.safetensors if
/// there is one, else last.safetensors).
/// @throws Error when it is missing, is of another program, or does not fit its own description
LoadedModel LoadModelFile(const std::string& path);

/// "best" or "last" of a run folder, or the file itself. @throws Error when there is none
std::string FindCheckpoint(const std::string& path, const std::string& prefer = "best");

/// The weights of a file without optimiser state.
NamedTensors ModelTensors(const TensorFile& file);

/// Where a network's weights come from.
struct InitOptions {
  std::string from;               ///< file, or run folder
  std::vector<std::string> skip;  ///< prefixes of layers to leave out (they keep fresh values)
};

/// Starts `model` with the weights of a file: a classifier of its backbone, an earlier FCN stage,
/// or the same network. The file's preprocessing, if it names one, becomes the model's.
/// @throws Error listing everything that does not fit
void InitFromFile(SegModel& model, const InitOptions& options);

/// Names and palette as JSON and back.
Json LabelsToJson(const LabelSet& labels);
LabelSet LabelsFromJson(const Json& json, const std::string& path);

}  // namespace seglab
