#pragma once

#include <vector>

#include "data/loader.h"
#include "losses/loss.h"
#include "models/seg_model.h"
#include "parallel/gradient_sums.h"
#include "train/options.h"

namespace seglab {

/// What a step's batch says of the network before the step.
struct StepLoss {
  // One double each, on the network's device: nobody waits for it before a line is logged.
  at::Tensor sum;      ///< the loss over the counted pixels; of a group this process's part
  at::Tensor counted;  ///< pixels (or images) that are not void, of all processes
};

/// Convolution weights in the layout in which convolutions run fastest. Before the optimiser is
/// made.
void UseChannelsLast(torch::nn::Module& module);

/// Adds the gradient of a step's loss to the parameters: for each score map that the network wants
/// to be trained on, the mean over the cells of all passes together (of each of the loss's terms
/// over what that one counts), weighted and summed. Puts the network into training mode (batch norm
/// as `options.freeze_bn` says).
/// @param passes  one or more; where there are several and the network has score maps of a lower
///                resolution than its input, all of one height and width
/// @throws Error when they are not
/// @param group, sums  processes that each have a share of every pass's samples, and their
///                     gradients: the divisors are those of all of them, so that what comes out is
///                     the gradient of the whole batch; null: this one has all
StepLoss ComputeGradients(SegModel& model, const std::vector<Batch>& passes, const Loss& loss,
                          const TrainOptions& options, const Group* group = nullptr,
                          GradientSums* sums = nullptr);

}  // namespace seglab
