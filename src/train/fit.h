#pragma once

#include "train/job.h"

namespace seglab {

/// Fits an R-CNN (models/rcnn.h): features of all regions of the training images, a classifier for
/// each class, the threshold of pasting. Writes last.safetensors and a line of metrics.jsonl for
/// each class.
///
/// Features are kept in options.feature_cache, two bytes a value: an image of R regions and
/// objects takes R x D x 2 bytes (2000 regions, full+fg of fc6: 33 MB). A killed fit reads what is
/// there; classifiers start anew. Memory: one image, and the rows that HardNegativeMiner or
/// TrainRegressors say they keep; neither grows with the number of images but regressors.
/// @throws Stopped after SIGINT or SIGTERM
/// @throws Error when a sample cannot be read, or no class has an object
TrainSummary Fit(const TrainJob& job);

}  // namespace seglab
