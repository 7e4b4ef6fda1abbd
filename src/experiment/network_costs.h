#pragma once

#include "base/json.h"
#include "train/job.h"

namespace seglab {

/// What a run's network costs and sees, for its result.json: {"macs": 1234, "macs_at": [rows,
/// columns], "receptive_field": pixels, null where a value sees the whole image}, of one pass over
/// the first validation image. Counted on the CPU on a fresh network: the trained one may be on a
/// GPU. Draws from LibTorch's generator. {} of classifiers and fitted networks, and where it fails,
/// which is said and stops nothing.
/// @param known  the training part of result.json so far; what it says of this size is not counted
///   again
Json NetworkCosts(const TrainJob& job, const Json& known);

}  // namespace seglab
