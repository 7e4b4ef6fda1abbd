#pragma once

#include <vector>

#include "data/loader.h"
#include "losses/loss.h"
#include "models/seg_model.h"
#include "train/options.h"

namespace seglab {

/// What a step's batch says of the network before the step.
struct StepLoss {
  at::Tensor sum;       ///< double, on the network's device: the loss over the counted pixels
  int64_t counted = 0;  ///< pixels (or images) that are not void
};

/// Convolution weights in the layout in which convolutions run fastest. Before the optimiser is
/// made.
void UseChannelsLast(torch::nn::Module& module);

/// Adds the gradient of a step's loss to the parameters: for each score map that the network wants
/// to be trained on, the mean over the cells of all passes together, weighted and summed. Puts the
/// network into training mode (batch norm as `options.freeze_bn` says).
/// @param passes  one or more; where there are several and the network has score maps of a lower
///                resolution than its input, all of one height and width
/// @throws Error when they are not
StepLoss ComputeGradients(SegModel& model, const std::vector<Batch>& passes, const Loss& loss,
                          const TrainOptions& options);

}  // namespace seglab
