#pragma once

#include "train/job.h"

namespace seglab {

/// One training pass on two samples of a job (one where its batch is 1), without a step: what would
/// end the training at its first step ends this instead, within a second or so. Of larger images
/// only the upper left corner is seen, unless that fails. The network is not to be used afterwards:
/// it has been in training mode. A job that is fitted, not descended, only has its samples read.
/// @throws Error naming the job and what is wrong: a sample that cannot be read, a network or loss
/// that refuses the batch, a loss or gradient that is not finite
void TryTraining(const TrainJob& job);

}  // namespace seglab
