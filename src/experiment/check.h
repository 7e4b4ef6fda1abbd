#pragma once

#include "experiment/spec.h"

namespace seglab {

/// Tries whether a run's data sets, network, transforms, loss, optimiser and evaluations can be
/// made, and whether the weights fit that it starts from, so that a mistake in the last run of an
/// experiment is said before the first one has trained for hours.
/// @param init  the run that starts this one, or nullptr
/// @throws Error
void CheckRun(const RunSpec& run, const RunSpec* init);

}  // namespace seglab
