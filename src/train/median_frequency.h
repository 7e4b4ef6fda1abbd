#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/json.h"
#include "data/dataset.h"
#include "train/job.h"

namespace seglab {

/// How often classes occur in a data set: in pixels of label maps, or in images of categories.
struct ClassFrequencies {
  std::vector<int64_t> own;     ///< of each class
  std::vector<int64_t> around;  ///< all that are not void in the images in which it occurs; of
                                ///< categories all images
};

/// Balancing by median frequency (Eigen and Fergus, ICCV 2015, arXiv 1411.4734; SegNet, arXiv
/// 1511.00561): median(f) / f_c with f_c = own / around. The median is that of the classes that
/// occur (of an even number the mean of the middle two); the others weigh 0.
/// CamVid's weights that came with SegNet are no such function of its labels
/// (median_frequency_test). Void is left out here; that changes little but the scale, which a
/// weighted mean does not see.
/// @throws Error where no class occurs
std::vector<double> MedianFrequencyWeights(const ClassFrequencies& counts);

/// Goes over a data set once, in its order; memory does not grow with it.
/// @param threads  as LoaderOptions
/// @param title    of the progress
/// @throws Error on a sample that cannot be read or has a label beyond the classes
/// @throws Stopped when a signal asks for it
ClassFrequencies CountClasses(const std::shared_ptr<const Dataset>& data, int threads,
                              const std::string& title);

/// A job's loss with numbers where it says kMedianFrequency: those of its training data, as they
/// are before transforms. The first process says them in the log. Where it does not say so nobody
/// looks at the data; of a group each process does.
Json LossWithCountedWeights(const TrainJob& job);

/// The loss with weights of 1 there: for whoever only wants to know that it works.
Json LossWithoutCounting(const Json& loss);

}  // namespace seglab
