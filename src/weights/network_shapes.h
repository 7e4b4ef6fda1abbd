#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "models/seg_model.h"
#include "tensor/state.h"
#include "tensor/tensor_file.h"

namespace seglab {

/// A network of which only names and shapes are there: it takes neither memory nor time, however
/// large it would be, and computes nothing. One that is fitted (R-CNN) is made whole.
/// @param spec, classes, path  as MakeModel takes them
/// @throws Error as MakeModel, and on sizes beyond all memories
std::shared_ptr<SegModel> MakeShapes(const Json& spec, int classes, const std::string& path);

/// The same where the number of classes does not matter.
std::shared_ptr<SegModel> MakeShapes(const Json& spec, const std::string& path);

/// Compares a file with the trunk of a network that is fitted, which takes memory only then; of
/// other networks nothing is compared. @throws Error as CheckState
void CheckTrunk(const Json& spec, const NamedTensors& tensors, const LoadOptions& options,
                const std::string& path);

/// Leaves in a file the weights whose names fit a network, wherever in it they stand; which key or
/// prefix is taken off their names is logged. Where none fit, those at the usual place are left,
/// for the strict loader to complain of.
/// @param key  of the weights to take; "" = any
/// @throws Error where weights at the place cannot be read, or several fit
void TakeWeightsOf(const SegModel& shapes, TensorFile& file, const std::string& key,
                   const std::string& path);

}  // namespace seglab
