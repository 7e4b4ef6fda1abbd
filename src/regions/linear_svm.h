#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "regions/feature_rows.h"
#include "regions/svm_options.h"

// Linear classifiers and regressors of regions, solved by liblinear (Fan et al., JMLR 2008).
//
// liblinear draws the order in which it visits rows from rand(), which a process has one of. Here
// each training seeds it from the options, one training runs at a time (others wait), and what
// rand() would have given elsewhere is as if nothing had happened. So the same rows, options and
// liblinear give the same bits, whatever was trained before, on any number of threads; provided
// that no other part of the process calls rand() meanwhile (this program, LibTorch and OpenCV do
// not). The squared loss of regression draws nothing, but sums by BLAS, which may split rows of
// more than 10000 values among threads: its bits are the same for the same number of them.

namespace seglab {

/// f(x) = weights . x + bias
struct LinearModel {
  std::vector<float> weights;
  float bias = 0;
  double objective = 0;   ///< what its training minimised, at these weights
  bool converged = true;  ///< false: liblinear gave up after as many rounds as it allows itself
};

/// The bias of a class that could not be trained: below every threshold.
constexpr float kAbsentClassBias = -1e6f;

/// The model of such a class: its weights are 0.
LinearModel AbsentModel(int64_t dimension);

/// Of a model of rows that were multiplied by `scale`, that of rows as they are.
LinearModel ForUnscaled(LinearModel model, double scale);

/// Trains on the rows `slots` of `rows`, with the bias that these were made with.
/// @param labels  1 or -1 for each slot, at least one of each
/// @throws Error when labels are all the same
LinearModel TrainSvm(const SolverRows& rows, std::span<const int64_t> slots,
                     std::span<const float> labels, const SvmOptions& options);
/// The same for all rows of a view, which are copied meanwhile; see SolverRows for the memory.
LinearModel TrainSvm(const FeatureView& view, std::span<const float> labels,
                     const SvmOptions& options);

/// What TrainSvm minimises (see SvmOptions), at `model`.
double SvmObjective(const LinearModel& model, const SolverRows& rows,
                    std::span<const int64_t> slots, std::span<const float> labels,
                    const SvmOptions& options);

/// Trains a regressor to `targets`, a number for each slot.
/// @throws Error when there is no row, or a target is not finite
LinearModel TrainSvr(const SolverRows& rows, std::span<const int64_t> slots,
                     std::span<const float> targets, const SvrOptions& options);
LinearModel TrainSvr(const FeatureView& view, std::span<const float> targets,
                     const SvrOptions& options);

/// What TrainSvr minimises (see SvrOptions), at `model`.
double SvrObjective(const LinearModel& model, const SolverRows& rows,
                    std::span<const int64_t> slots, std::span<const float> targets,
                    const SvrOptions& options);

}  // namespace seglab
