#pragma once

#include "train/job.h"

namespace seglab {

/// Trains by gradient descent until options.iterations steps are done or options.early_stopping
/// ends it, going on from last.safetensors if there is one. The weights after step k are a function
/// of the job alone: they depend neither on the number of loader threads nor on where the training
/// was interrupted. Writes last.safetensors (and best.safetensors) and a line of metrics.jsonl per
/// log line.
/// @throws Stopped after SIGINT or SIGTERM, with everything saved
/// @throws Error when a sample cannot be read, a check fails, or the loss is no longer finite
TrainSummary Descend(const TrainJob& job);

}  // namespace seglab
