#include "losses/lovasz.h"

#include <torch/torch.h>

#include <tuple>

#include "losses/cells.h"

namespace seglab {
namespace {

/// By how much the Jaccard loss grows with each cell, taken by falling error: the paper's
/// algorithm 1. With |truth| = G and k cells of it among the first r, the intersection is G - k and
/// the union G + r - k; the differences are written out, without cancellation.
/// @param errors  (K, P), 0 or more
/// @param truth   (K, P), booleans, each row with at least one
/// @return (K, P), double
at::Tensor JaccardGrowth(const at::Tensor& errors, const at::Tensor& truth) {
  const at::Tensor order =
      std::get<1>(at::sort(errors, /*stable=*/true, /*dim=*/1, /*descending=*/true));
  const at::Tensor hit = truth.gather(1, order);
  const at::Tensor hits = hit.cumsum(1), size = truth.sum(1, /*keepdim=*/true);
  const at::Tensor rank = at::arange(1, errors.size(1) + 1, hits.options());
  const at::Tensor common = (size - hits).to(at::kDouble);
  const at::Tensor joint = (size + rank - hits).to(at::kDouble);
  const at::Tensor growth = at::where(hit, 1 / joint, common / (joint * (joint - 1)));
  return at::zeros_like(growth).scatter(1, order, growth);
}

}  // namespace

at::Tensor Lovasz::Sum(const at::Tensor& logits, const at::Tensor& label) const {
  RefuseCategories(label, "lovasz");
  const at::Tensor truth = CellsOfClasses(label, logits.size(1));
  const at::Tensor guess = WideLogits(logits).softmax(1).flatten(2);
  // Void cells have no error: they come last, where nothing is multiplied by what they add.
  const at::Tensor errors =
      (truth.to(guess.scalar_type()) - guess).abs() * label.ne(kVoidCell).flatten(1).unsqueeze(1);
  at::Tensor slopes;
  {
    const torch::NoGradGuard constant;  // piecewise linear: the order is that of these errors
    slopes = at::zeros_like(errors);
    const at::Tensor present = truth.any(2);
    for (int64_t image = 0; image < truth.size(0); ++image) {
      const at::Tensor classes = present[image].nonzero().squeeze(1);
      if (classes.size(0) == 0) continue;
      const at::Tensor growth = JaccardGrowth(errors[image].index_select(0, classes),
                                              truth[image].index_select(0, classes));
      slopes[image].index_copy_(0, classes, (growth / classes.size(0)).to(slopes.scalar_type()));
    }
  }
  return (errors * slopes).sum();
}

at::Tensor Lovasz::Divisor(const at::Tensor& label) const {
  RefuseCategories(label, "lovasz");
  return CountedImages(label);
}

}  // namespace seglab
