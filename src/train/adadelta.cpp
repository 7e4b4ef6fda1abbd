#include "train/adadelta.h"

#include <torch/torch.h>

#include <cmath>
#include <map>
#include <utility>

#include "train/one_pass.h"
#include "train/own_ranges.h"

namespace seglab {
namespace {

struct AdadeltaLists {
  std::vector<at::Tensor> gradients, weights, squares, updates;
};

/// @return false where it cannot be done
bool AdadeltaInOnePass(const std::array<at::Tensor, 4>& tensors, const AdadeltaOptions& own,
                       double lr, double decay) {
  return InOnePass<4>(tensors, [=]<typename T>(const std::array<T*, 4>& at, int64_t i) {
    const T rho = static_cast<T>(own.rho), rest = static_cast<T>(1 - own.rho);
    const T eps = static_cast<T>(own.eps);
    const T g = at[0][i] + static_cast<T>(decay) * at[1][i];
    const T square = at[2][i] = rho * at[2][i] + rest * g * g;
    const T update = std::sqrt(at[3][i] + eps) / std::sqrt(square + eps) * g;
    at[3][i] = rho * at[3][i] + rest * update * update;
    at[1][i] -= static_cast<T>(lr) * update;
  });
}

void AdadeltaByOperators(AdadeltaLists& lists, const AdadeltaOptions& own, double lr,
                         double decay) {
  if (decay != 0) at::_foreach_add_(lists.gradients, lists.weights, decay);
  at::_foreach_mul_(lists.squares, own.rho);
  at::_foreach_addcmul_(lists.squares, lists.gradients, lists.gradients, 1 - own.rho);
  const std::vector<at::Tensor> updates = at::_foreach_add(lists.updates, own.eps);
  at::_foreach_sqrt_(updates);
  at::_foreach_mul_(updates, lists.gradients);
  lists.gradients.clear();  // their memory serves the roots
  const std::vector<at::Tensor> roots = at::_foreach_add(lists.squares, own.eps);
  at::_foreach_sqrt_(roots);
  at::_foreach_div_(updates, roots);
  at::_foreach_mul_(lists.updates, own.rho);
  at::_foreach_addcmul_(lists.updates, updates, updates, 1 - own.rho);
  at::_foreach_add_(lists.weights, updates, -lr);
}

}  // namespace

Adadelta::Adadelta(std::vector<TrainedParameter> parameters, const TrainOptions& options,
                   const AdadeltaOptions& own)
    : KeepingOptimizer(std::move(parameters), options),
      own_(own),
      squares_(Keep("square_avg")),
      updates_(Keep("acc_delta")) {}

void Adadelta::Apply(std::vector<Change> changes) {
  // By rate and decay, for the operators that take many tensors at once.
  std::map<std::pair<double, double>, AdadeltaLists> groups;
  for (Change& change : changes) {
    const size_t i = change.index;
    const TrainedParameter& parameter = parameters()[i];
    const at::Tensor gradient = LaidOutAs(parameter.tensor, change.gradient);
    change.gradient = at::Tensor();
    if (AdadeltaInOnePass({gradient, parameter.tensor, squares_[i], updates_[i]}, own_, change.lr,
                          parameter.decay))
      continue;
    AdadeltaLists& lists = groups[{change.lr, parameter.decay}];
    lists.gradients.push_back(gradient);
    lists.weights.push_back(parameter.tensor);
    lists.squares.push_back(squares_[i]);
    lists.updates.push_back(updates_[i]);
  }
  for (auto& [key, lists] : groups) AdadeltaByOperators(lists, own_, key.first, key.second);
}

std::unique_ptr<Optimizer> MakeAdadelta(JsonReader& own, const TrainOptions& options,
                                        std::vector<TrainedParameter> parameters) {
  AdadeltaOptions read;
  own.Get("rho", read.rho, 0.0, kBelowOne);
  own.Get("eps", read.eps, kLeastEps, kLargestEps);
  return std::make_unique<Adadelta>(std::move(parameters), options, read);
}

}  // namespace seglab
