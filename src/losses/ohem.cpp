#include "losses/ohem.h"

#include <torch/torch.h>

#include <tuple>

#include "base/error.h"
#include "losses/cells.h"

namespace seglab {
namespace {

constexpr double kLeastKept = 1e-6;

}  // namespace

OhemOptions OhemOptions::FromJson(JsonReader& reader) {
  OhemOptions options;
  reader.Get("keep", options.keep, kLeastKept, 1.0);
  return options;
}

void OhemOptions::Check(const std::string& path) const {
  if (!(keep >= kLeastKept && keep <= 1))
    throw Error(path, ".keep: must be between ", kLeastKept, " and 1, found ", keep);
}

Ohem::Ohem(OhemOptions options) : options_(options) { options_.Check(); }

at::Tensor Ohem::Taken(const at::Tensor& label) const {
  const at::Tensor counted = label.ne(kVoidCell).flatten(1).sum(1).to(at::kDouble);
  // 0.07 * 100 is a little above 7, and 7 cells are meant.
  constexpr double kRounding = 1e-9;
  return (counted * options_.keep - kRounding).ceil().to(at::kLong);
}

at::Tensor Ohem::Sum(const at::Tensor& logits, const at::Tensor& label) const {
  RefuseCategories(label, "ohem");
  const at::Tensor costs = CellCrossEntropy(logits, label).flatten(1);
  const at::Tensor taken = Taken(label).cpu();
  at::Tensor sum;
  for (int64_t image = 0; image < costs.size(0); ++image) {
    const int64_t count = taken[image].item<int64_t>();
    if (count == 0) continue;
    // Void cells cost 0: where one is among the hardest, those that it keeps out cost 0 as well.
    const at::Tensor hardest = std::get<0>(costs[image].topk(count)).sum();
    sum = sum.defined() ? sum + hardest : hardest;
  }
  return sum.defined() ? sum : costs.sum();
}

at::Tensor Ohem::Divisor(const at::Tensor& label) const {
  RefuseCategories(label, "ohem");
  return Taken(label).sum().to(at::kDouble);
}

}  // namespace seglab
