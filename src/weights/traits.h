#pragma once

#include <string>

#include "base/json.h"
#include "models/seg_model.h"
#include "tensor/tensor_file.h"

namespace seglab {

bool HasTrait(const NetworkTraits& traits, const std::string& name, const std::string& value);

/// Looks whether a network computes with a file's weights what they were trained to, as far as
/// neither names nor shapes tell: warns where the traits of a checkpoint's network are others than
/// the model's, and where weights of Caffe need what the model has not (see CheckCaffeNetwork).
/// @param spec  what the model was made from; null: nothing is looked at
/// @param path  of the file, for messages
/// @throws Error where weights of Caffe are for another network
void CheckTraits(const TensorFile& file, const SegModel& model, const Json& spec,
                 const std::string& path);

}  // namespace seglab
