#include "losses/focal.h"

#include <torch/torch.h>

#include <utility>

#include "base/error.h"
#include "losses/cells.h"
#include "losses/class_weights.h"

namespace seglab {
namespace {

constexpr double kLargestGamma = 100;

}  // namespace

FocalOptions FocalOptions::FromJson(JsonReader& reader, int classes) {
  FocalOptions options;
  reader.Get("gamma", options.gamma, 0.0, kLargestGamma);
  options.class_weights = ReadClassWeights(reader, classes);
  return options;
}

void FocalOptions::Check(int classes, const std::string& path) const {
  if (!(gamma >= 0 && gamma <= kLargestGamma))
    throw Error(path, ".gamma: must be between 0 and ", kLargestGamma, ", found ", gamma);
  CheckClassWeights(class_weights, classes, path);
}

Focal::Focal(FocalOptions options) : options_(std::move(options)) { options_.Check(0); }

at::Tensor Focal::Sum(const at::Tensor& logits, const at::Tensor& label) const {
  options_.Check(static_cast<int>(logits.size(1)));
  const at::Tensor cost = CellCrossEntropy(logits, label);
  // 1 - p of p = exp(-cost), without cancellation; not 0, where a gamma below 1 has no slope.
  constexpr double kTiny = 1e-30;
  const at::Tensor missing = (-at::expm1(-cost)).clamp_min(kTiny);
  at::Tensor losses = missing.pow(options_.gamma) * cost;
  if (!options_.class_weights.empty())
    losses = losses * WeightsOfCells(label, options_.class_weights, cost.scalar_type());
  return losses.sum();
}

at::Tensor Focal::Divisor(const at::Tensor& label) const {
  return WeightOfCounted(label, options_.class_weights);
}

}  // namespace seglab
