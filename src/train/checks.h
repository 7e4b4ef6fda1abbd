#pragma once

#include <memory>

#include "data/dataset.h"
#include "data/loader.h"
#include "models/seg_model.h"

namespace seglab {

/// Looks at a data set before a training: unreadable files, sizes that differ and labels out of
/// range end it; classes that never occur and images without a label are warned of.
/// @param samples  how many to read, spread evenly; -1 = all, 0 = none
/// @throws Error with the first finding and their number
void CheckDataset(const Dataset& dataset, const std::string& name, int64_t samples, int threads);

/// Runs the trunk once and looks at its features: all zero, not finite, or the same everywhere
/// means that no training will help.
/// @throws Error saying which
void CheckTrunk(SegModel& model, const Batch& batch);

/// True when an average loss per pixel is still where a network that knows nothing has it: within
/// 0.5 % of ln(classes).
bool LossIsStuck(double loss, int classes);

}  // namespace seglab
