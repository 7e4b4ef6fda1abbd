#include "train/optimizer.h"

#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/names.h"
#include "train/adadelta.h"
#include "train/adam.h"
#include "train/rmsprop.h"
#include "train/sgd.h"

namespace seglab {
namespace {

Json OptimizerObject(const Json& spec) { return spec.is_string() ? Json{{"name", spec}} : spec; }

std::unique_ptr<Optimizer> MakeOver(std::vector<TrainedParameter> parameters,
                                    const TrainOptions& options, const std::string& path) {
  const OptimizerRow& row = FindOptimizer(options.optimizer, path);
  const Json object = OptimizerObject(options.optimizer);
  JsonReader own(object, path);
  own.Has("name");
  std::unique_ptr<Optimizer> made = row.make(own, options, std::move(parameters));
  own.Finish();
  return made;
}

}  // namespace

void Optimizer::Step(double lr) {
  torch::NoGradGuard no_grad;
  if (clip_norm_ > 0) ClipGradients(parameters_, clip_norm_);
  std::vector<Change> changes;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    at::Tensor& gradient = parameters_[i].tensor.mutable_grad();
    if (!gradient.defined()) continue;
    changes.push_back({i, std::move(gradient), lr * parameters_[i].lr});
    gradient = at::Tensor();
  }
  Apply(std::move(changes));
}

NamedTensors Optimizer::Named(const std::string& kind,
                              const std::vector<at::Tensor>& tensors) const {
  NamedTensors named;
  for (size_t i = 0; i < tensors.size(); ++i)
    named.emplace_back(kind + "." + parameters_[i].name, tensors[i]);
  return named;
}

void Optimizer::Restore(const std::string& kind, const NamedTensors& state,
                        std::vector<at::Tensor>& tensors) const {
  torch::NoGradGuard no_grad;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const std::string name = kind + "." + parameters_[i].name;
    const auto found = std::find_if(state.begin(), state.end(),
                                    [&](const auto& item) { return item.first == name; });
    if (found == state.end() || found->second.sizes() != tensors[i].sizes()) {
      throw Error("optimizer state: no fitting ", name, "; the checkpoint is of another training");
    }
    tensors[i].copy_(found->second);
  }
}

const std::vector<OptimizerRow>& OptimizerRows() {
  static const std::vector<OptimizerRow> rows = {
      {"sgd", "stochastic gradient descent with momentum, in Caffe's form", MakeSgd},
      {"adam", "Adam (Kingma & Ba 2015), with L2 decay; \"amsgrad\"", MakeAdam},
      {"adamw", "Adam with decoupled weight decay (Loshchilov & Hutter 2019)", MakeAdamW},
      {"rmsprop", "RMSprop (Tieleman & Hinton 2012); \"momentum\", \"centered\"", MakeRmsprop},
      {"adadelta", "Adadelta (Zeiler 2012); the paper's rate is 1", MakeAdadelta},
  };
  return rows;
}

const OptimizerRow& FindOptimizer(const Json& spec, const std::string& path) {
  const Json object = OptimizerObject(spec);
  JsonReader reader(object, path);
  const auto name = reader.Require<std::string>("name");
  std::vector<std::string> names;
  for (const OptimizerRow& row : OptimizerRows()) {
    if (row.name == name) return row;
    names.push_back(row.name);
  }
  throw Error(reader.Path("name"), ": ", UnknownName("optimizer", name, names));
}

void CheckOptimizer(const TrainOptions& options, const std::string& path) {
  MakeOver({}, options, path);
}

std::unique_ptr<Optimizer> MakeOptimizer(torch::nn::Module& module, const TrainOptions& options) {
  return MakeOver(ChooseParameters(module, options), options, "train.optimizer");
}

}  // namespace seglab
