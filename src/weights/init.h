#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "models/seg_model.h"
#include "tensor/tensor_file.h"

namespace seglab {

/// Where a network's weights come from.
struct InitOptions {
  std::string from;               ///< file, or run folder
  std::vector<std::string> skip;  ///< prefixes of layers to leave out (they keep fresh values)
  std::string key = {};           ///< of the weights in the file, "model_ema"; "" = those that fit
};

/// Starts `model` with these tensors of a classifier of its backbone, an earlier FCN stage, or the
/// same network.
/// @param skip   layers that keep fresh values, by the tensors' names or by the network's
/// @param where  names the tensors' source in the message
/// @throws Error listing everything that does not fit
void InitFromTensors(SegModel& model, const NamedTensors& tensors,
                     const std::vector<std::string>& skip, const std::string& where);

/// The same with the weights of a file of any kind, wherever in it they stand (see weight_place.h),
/// of a run folder those of the last step. The model's preprocessing becomes what
/// ChoosePreprocessing chooses.
/// @param spec  what the model was made from, for NamedPreprocessing and CheckTraits; may be null
/// @throws Error listing everything that does not fit
void InitFromFile(SegModel& model, const InitOptions& options, const Json& spec = nullptr);

}  // namespace seglab
