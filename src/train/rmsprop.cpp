#include "train/rmsprop.h"

#include <torch/torch.h>

#include <cmath>
#include <map>
#include <utility>

#include "train/one_pass.h"
#include "train/own_ranges.h"

namespace seglab {
namespace {

struct RmspropLists {
  std::vector<at::Tensor> gradients, weights, squares, means, velocities;
};

/// @return false where it cannot be done
bool RmspropInOnePass(const std::array<at::Tensor, 5>& tensors, const RmspropOptions& own,
                      double lr, double decay) {
  return InOnePass<5>(tensors, [=]<typename T>(const std::array<T*, 5>& at, int64_t i) {
    const T alpha = static_cast<T>(own.alpha), rest = static_cast<T>(1 - own.alpha);
    const T g = at[0][i] + static_cast<T>(decay) * at[1][i];
    T square = at[2][i] = alpha * at[2][i] + rest * g * g;
    if (at[3] != nullptr) {
      const T mean = at[3][i] = alpha * at[3][i] + rest * g;
      square = std::max(square - mean * mean, T{0});
    }
    T step = g / (std::sqrt(square) + static_cast<T>(own.eps));
    if (at[4] != nullptr) step = at[4][i] = static_cast<T>(own.momentum) * at[4][i] + step;
    at[1][i] -= static_cast<T>(lr) * step;
  });
}

void RmspropByOperators(RmspropLists& lists, const RmspropOptions& own, double lr, double decay) {
  if (decay != 0) at::_foreach_add_(lists.gradients, lists.weights, decay);
  at::_foreach_mul_(lists.squares, own.alpha);
  at::_foreach_addcmul_(lists.squares, lists.gradients, lists.gradients, 1 - own.alpha);
  std::vector<at::Tensor> roots;
  if (own.centered) {
    at::_foreach_mul_(lists.means, own.alpha);
    at::_foreach_add_(lists.means, lists.gradients, 1 - own.alpha);
    roots = at::_foreach_addcmul(lists.squares, lists.means, lists.means, -1);
    for (const at::Tensor& root : roots) root.clamp_min_(0);
    at::_foreach_sqrt_(roots);
  } else {
    roots = at::_foreach_sqrt(lists.squares);
  }
  at::_foreach_add_(roots, own.eps);
  if (own.momentum > 0) {
    at::_foreach_mul_(lists.velocities, own.momentum);
    at::_foreach_addcdiv_(lists.velocities, lists.gradients, roots, 1);
    at::_foreach_add_(lists.weights, lists.velocities, -lr);
  } else {
    at::_foreach_addcdiv_(lists.weights, lists.gradients, roots, -lr);
  }
}

}  // namespace

Rmsprop::Rmsprop(std::vector<TrainedParameter> parameters, const TrainOptions& options,
                 const RmspropOptions& own)
    : KeepingOptimizer(std::move(parameters), options),
      own_(own),
      squares_(Keep("square_avg")),
      means_(own.centered ? &Keep("grad_avg") : nullptr),
      velocities_(own.momentum > 0 ? &Keep("momentum_buffer") : nullptr) {}

void Rmsprop::Apply(std::vector<Change> changes) {
  // By rate and decay, for the operators that take many tensors at once.
  std::map<std::pair<double, double>, RmspropLists> groups;
  for (Change& change : changes) {
    const size_t i = change.index;
    const TrainedParameter& parameter = parameters()[i];
    const at::Tensor gradient = LaidOutAs(parameter.tensor, change.gradient);
    change.gradient = at::Tensor();
    const at::Tensor mean = means_ != nullptr ? (*means_)[i] : at::Tensor(),
                     velocity = velocities_ != nullptr ? (*velocities_)[i] : at::Tensor();
    if (RmspropInOnePass({gradient, parameter.tensor, squares_[i], mean, velocity}, own_, change.lr,
                         parameter.decay))
      continue;
    RmspropLists& lists = groups[{change.lr, parameter.decay}];
    lists.gradients.push_back(gradient);
    lists.weights.push_back(parameter.tensor);
    lists.squares.push_back(squares_[i]);
    if (mean.defined()) lists.means.push_back(mean);
    if (velocity.defined()) lists.velocities.push_back(velocity);
  }
  for (auto& [key, lists] : groups) RmspropByOperators(lists, own_, key.first, key.second);
}

std::unique_ptr<Optimizer> MakeRmsprop(JsonReader& own, const TrainOptions& options,
                                       std::vector<TrainedParameter> parameters) {
  RmspropOptions read;
  own.Get("alpha", read.alpha, 0.0, kBelowOne);
  own.Get("eps", read.eps, kLeastEps, kLargestEps);
  own.Get("momentum", read.momentum, 0.0, kBelowOne);
  own.Get("centered", read.centered);
  return std::make_unique<Rmsprop>(std::move(parameters), options, read);
}

}  // namespace seglab
