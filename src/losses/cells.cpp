#include "losses/cells.h"

#include <torch/torch.h>

#include "base/error.h"
#include "losses/loss.h"

namespace seglab {

at::Tensor WideLogits(const at::Tensor& logits) {
  return logits.scalar_type() == at::kDouble ? logits : logits.to(at::kFloat);
}

at::Tensor CellCrossEntropy(const at::Tensor& logits, const at::Tensor& label) {
  return at::nll_loss_nd(at::log_softmax(WideLogits(logits), 1), label.to(at::kLong), {},
                         at::Reduction::None, kVoidCell);
}

at::Tensor CellsOfClasses(const at::Tensor& label, int64_t classes) {
  const at::Tensor numbers = at::arange(classes, label.options().dtype(at::kLong));
  return label.flatten(1)
      .unsqueeze(1)
      .eq(numbers.view({1, -1, 1}))
      .logical_and(label.flatten(1).unsqueeze(1).ne(kVoidCell));
}

at::Tensor CountedImages(const at::Tensor& label) {
  return label.ne(kVoidCell).flatten(1).any(1).sum().to(at::kDouble);
}

void RefuseCategories(const at::Tensor& label, const std::string& loss) {
  if (label.dim() >= 3) return;
  throw Error("loss: \"", loss,
              "\" is of label maps, and this network gives an image one class; take "
              "\"cross_entropy\" or \"focal\"");
}

}  // namespace seglab
