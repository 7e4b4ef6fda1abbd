#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/json.h"
#include "data/labels.h"
#include "models/seg_model.h"
#include "tensor/tensor_file.h"

namespace seglab {

/// Begins the names of an optimiser's tensors in the checkpoint of an unfinished training.
inline constexpr char kOptimizerPrefix[] = "optimizer.";
/// Begins the names of the averages of its weights, where it keeps some ("train": {"ema": ...}).
inline constexpr char kAveragePrefix[] = "ema.";

/// The file itself, or of a run folder <prefer>.safetensors, else last.safetensors.
/// @param prefer  "best" or "last"
/// @throws Error when there is none
std::string FindCheckpoint(const std::string& path, const std::string& prefer = "best");

/// The metadata under which a network is saved: "model", "labels" and "traits" (JSON each), and its
/// preprocessing.
/// @param spec  what MakeModel made it from
std::map<std::string, std::string> ModelMetadata(const SegModel& model, const Json& spec,
                                                 const LabelSet& labels);

/// Whether a file describes its network as seglab does: "model" and "labels" in the metadata of
/// other programs mean something else.
bool IsCheckpoint(const TensorFile& file);

// What a file of which IsCheckpoint is true says of its network.
// @param path    of the file, for messages
// @throws Error  where the metadata is damaged

/// What MakeModel makes it from.
Json CheckpointSpec(const TensorFile& file, const std::string& path);

/// The classes that it was trained for.
LabelSet CheckpointLabels(const TensorFile& file, const std::string& path);

/// SegModel::Traits of it; std::nullopt in files of before there were any.
std::optional<NetworkTraits> CheckpointTraits(const TensorFile& file, const std::string& path);

/// The weights of a file of any kind, without an optimiser's state; of an unfinished training that
/// averages them the averages, which a validation there and then would have scored.
NamedTensors ModelTensors(const TensorFile& file);

/// The weights from which an unfinished training goes on, not their averages.
NamedTensors TrainedTensors(const TensorFile& file);

}  // namespace seglab
