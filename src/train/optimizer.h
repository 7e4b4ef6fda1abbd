#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tensor/tensor_file.h"
#include "train/parameters.h"

namespace seglab {

/// Turns gradients into steps. What it needs beside the weights is its state, tensors by name,
/// which goes into checkpoints and comes back bit for bit.
class Optimizer {
 public:
  Optimizer(std::vector<TrainedParameter> parameters, const TrainOptions& options)
      : parameters_(std::move(parameters)), clip_norm_(options.clip_norm) {}
  virtual ~Optimizer() = default;

  /// One step at rate lr on the parameters' gradients, which are clipped before and cleared behind
  /// it. A parameter without gradient stays.
  void Step(double lr);

  /// "momentum.score_fr.weight", ...; the tensors are shared, not copied.
  virtual NamedTensors State() const { return {}; }
  /// @throws Error when a tensor is missing or mis-shaped
  virtual void LoadState(const NamedTensors& state) {}

  const std::vector<TrainedParameter>& parameters() const { return parameters_; }

 protected:
  struct Change {
    size_t index;         ///< of the parameter
    at::Tensor gradient;  ///< may be overwritten
    double lr;            ///< the step's rate times the parameter's factor
  };
  /// Changes the parameters of a step, all at once; no gradient is recorded.
  virtual void Apply(std::vector<Change> changes) = 0;

  /// One tensor a parameter as state, and back.
  NamedTensors Named(const std::string& kind, const std::vector<at::Tensor>& tensors) const;
  void Restore(const std::string& kind, const NamedTensors& state,
               std::vector<at::Tensor>& tensors) const;

 private:
  std::vector<TrainedParameter> parameters_;
  double clip_norm_;
};

/// One row of the table of optimisers. Its own options are the members of its JSON object beside
/// "name".
struct OptimizerRow {
  std::string name;
  std::string summary;  ///< one line
  std::unique_ptr<Optimizer> (*make)(JsonReader& own, const TrainOptions& options,
                                     std::vector<TrainedParameter> parameters);
};

const std::vector<OptimizerRow>& OptimizerRows();

/// The row of "sgd" or {"name": "sgd"}. @throws Error with the names there are
const OptimizerRow& FindOptimizer(const Json& spec, const std::string& path);

/// Tries whether the optimiser that `options` name takes its own options.
/// @param path  of train.optimizer
/// @throws Error naming the one that is wrong
void CheckOptimizer(const TrainOptions& options, const std::string& path);

/// The optimiser that `options` name, over the parameters that they choose.
std::unique_ptr<Optimizer> MakeOptimizer(torch::nn::Module& module, const TrainOptions& options);

}  // namespace seglab
