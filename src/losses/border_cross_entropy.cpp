#include "losses/border_cross_entropy.h"

#include <torch/torch.h>

#include <utility>

#include "losses/cells.h"

namespace seglab {

BorderCrossEntropy::BorderCrossEntropy(BorderWeightOptions options) : options_(std::move(options)) {
  options_.Check(0);
}

at::Tensor BorderCrossEntropy::Sum(const at::Tensor& logits, const at::Tensor& label) const {
  RefuseCategories(label, "border_cross_entropy");
  options_.Check(static_cast<int>(logits.size(1)));
  const at::Tensor costs = CellCrossEntropy(logits, label);
  return (costs * BorderWeights(label, options_).to(costs.device(), costs.scalar_type())).sum();
}

at::Tensor BorderCrossEntropy::Divisor(const at::Tensor& label) const {
  RefuseCategories(label, "border_cross_entropy");
  return label.ne(kVoidCell).sum().to(at::kDouble);
}

}  // namespace seglab
