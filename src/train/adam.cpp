#include "train/adam.h"

#include <torch/torch.h>

#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "train/one_pass.h"
#include "train/own_ranges.h"

namespace seglab {
namespace {

struct AdamLists {
  std::vector<at::Tensor> gradients, weights, means, squares, largest;
};

/// What the step's number makes of the rate and of the root.
struct AdamFactors {
  double step, root;
};

AdamFactors FactorsAt(const AdamOptions& own, double lr, int64_t step) {
  const auto t = static_cast<double>(step);
  return {lr / (1 - std::pow(own.beta1, t)), 1 / std::sqrt(1 - std::pow(own.beta2, t))};
}

/// @return false where it cannot be done
bool AdamInOnePass(const std::array<at::Tensor, 5>& tensors, const AdamOptions& own, double lr,
                   double decay, int64_t step) {
  const AdamFactors factors = FactorsAt(own, lr, step);
  return InOnePass<5>(tensors, [=]<typename T>(const std::array<T*, 5>& at, int64_t i) {
    T g = at[0][i], w = at[1][i];
    if (own.decoupled) {
      w *= static_cast<T>(1 - lr * decay);
    } else {
      g += static_cast<T>(decay) * w;
    }
    const T m = static_cast<T>(own.beta1) * at[2][i] + static_cast<T>(1 - own.beta1) * g;
    const T v = static_cast<T>(own.beta2) * at[3][i] + static_cast<T>(1 - own.beta2) * g * g;
    at[2][i] = m;
    at[3][i] = v;
    T counted = v;
    if (at[4] != nullptr) counted = at[4][i] = std::max(at[4][i], v);
    const T root = std::sqrt(counted) * static_cast<T>(factors.root) + static_cast<T>(own.eps);
    at[1][i] = w - static_cast<T>(factors.step) * m / root;
  });
}

void AdamByOperators(AdamLists& lists, const AdamOptions& own, double lr, double decay,
                     int64_t step) {
  const AdamFactors factors = FactorsAt(own, lr, step);
  if (decay != 0 && own.decoupled) at::_foreach_mul_(lists.weights, 1 - lr * decay);
  if (decay != 0 && !own.decoupled) at::_foreach_add_(lists.gradients, lists.weights, decay);
  at::_foreach_mul_(lists.means, own.beta1);
  at::_foreach_add_(lists.means, lists.gradients, 1 - own.beta1);
  at::_foreach_mul_(lists.squares, own.beta2);
  at::_foreach_addcmul_(lists.squares, lists.gradients, lists.gradients, 1 - own.beta2);
  lists.gradients.clear();  // their memory serves the roots
  for (size_t i = 0; i < lists.largest.size(); ++i)
    at::maximum_out(lists.largest[i], lists.largest[i], lists.squares[i]);
  const std::vector<at::Tensor> roots =
      at::_foreach_sqrt(lists.largest.empty() ? lists.squares : lists.largest);
  at::_foreach_mul_(roots, factors.root);
  at::_foreach_add_(roots, own.eps);
  at::_foreach_addcdiv_(lists.weights, lists.means, roots, -factors.step);
}

std::unique_ptr<Optimizer> ReadAdam(JsonReader& reader, bool decoupled, const TrainOptions& options,
                                    std::vector<TrainedParameter> parameters) {
  AdamOptions own;
  own.decoupled = decoupled;
  reader.Get("beta1", own.beta1, 0.0, kBelowOne);
  reader.Get("beta2", own.beta2, 0.0, kBelowOne);
  reader.Get("eps", own.eps, kLeastEps, kLargestEps);
  reader.Get("amsgrad", own.amsgrad);
  return std::make_unique<Adam>(std::move(parameters), options, own);
}

}  // namespace

Adam::Adam(std::vector<TrainedParameter> parameters, const TrainOptions& options,
           const AdamOptions& own)
    : KeepingOptimizer(std::move(parameters), options),
      own_(own),
      steps_(Count("step")),
      means_(Keep("exp_avg")),
      squares_(Keep("exp_avg_sq")),
      largest_(own.amsgrad ? &Keep("max_exp_avg_sq") : nullptr) {}

void Adam::Apply(std::vector<Change> changes) {
  // By rate, decay and step, for the operators that take many tensors at once.
  std::map<std::tuple<double, double, int64_t>, AdamLists> groups;
  for (Change& change : changes) {
    const size_t i = change.index;
    const TrainedParameter& parameter = parameters()[i];
    const int64_t step = steps_[i].add_(1).item<int64_t>();
    const at::Tensor gradient = LaidOutAs(parameter.tensor, change.gradient);
    change.gradient = at::Tensor();
    const at::Tensor largest = largest_ != nullptr ? (*largest_)[i] : at::Tensor();
    if (AdamInOnePass({gradient, parameter.tensor, means_[i], squares_[i], largest}, own_,
                      change.lr, parameter.decay, step))
      continue;
    AdamLists& lists = groups[{change.lr, parameter.decay, step}];
    lists.gradients.push_back(gradient);
    lists.weights.push_back(parameter.tensor);
    lists.means.push_back(means_[i]);
    lists.squares.push_back(squares_[i]);
    if (largest.defined()) lists.largest.push_back(largest);
  }
  for (auto& [key, lists] : groups)
    AdamByOperators(lists, own_, std::get<0>(key), std::get<1>(key), std::get<2>(key));
}

std::unique_ptr<Optimizer> MakeAdam(JsonReader& own, const TrainOptions& options,
                                    std::vector<TrainedParameter> parameters) {
  return ReadAdam(own, /*decoupled=*/false, options, std::move(parameters));
}

std::unique_ptr<Optimizer> MakeAdamW(JsonReader& own, const TrainOptions& options,
                                     std::vector<TrainedParameter> parameters) {
  return ReadAdam(own, /*decoupled=*/true, options, std::move(parameters));
}

}  // namespace seglab
