#include "losses/cross_entropy.h"

#include <torch/torch.h>

#include <utility>

#include "base/error.h"
#include "losses/cells.h"
#include "losses/class_weights.h"
#include "losses/enlarged_cross_entropy.h"

namespace seglab {

CrossEntropyOptions CrossEntropyOptions::FromJson(JsonReader& reader, int classes) {
  CrossEntropyOptions options;
  reader.GetChoice("reduction", options.reduction, {"mean", "sum"});
  options.class_weights = ReadClassWeights(reader, classes);
  reader.Get("label_smoothing", options.label_smoothing, 0.0, 1.0);
  return options;
}

void CrossEntropyOptions::Check(int classes, const std::string& path) const {
  const std::string where = path + ".";
  if (reduction != "mean" && reduction != "sum")
    throw Error(where, "reduction: must be \"mean\" or \"sum\", found \"", reduction, "\"");
  if (!(label_smoothing >= 0 && label_smoothing <= 1))
    throw Error(where, "label_smoothing: must be between 0 and 1, found ", label_smoothing);
  CheckClassWeights(class_weights, classes, path);
}

CrossEntropy::CrossEntropy(CrossEntropyOptions options) : options_(std::move(options)) {
  options_.Check(0);
}

at::Tensor CrossEntropy::Sum(const at::Tensor& logits, const at::Tensor& label) const {
  options_.Check(static_cast<int>(logits.size(1)));
  const at::Tensor wide = WideLogits(logits);
  at::Tensor weights;
  if (!options_.class_weights.empty())
    weights = torch::tensor(options_.class_weights, wide.options());
  if (options_.label_smoothing > 0) {
    return at::cross_entropy_loss(wide, label.to(at::kLong), weights, at::Reduction::Sum, kVoidCell,
                                  options_.label_smoothing);
  }
  return at::nll_loss_nd(at::log_softmax(wide, 1), label.to(at::kLong), weights, at::Reduction::Sum,
                         kVoidCell);
}

at::Tensor CrossEntropy::Sum(const Enlarged& logits, const at::Tensor& label) const {
  constexpr int64_t kMostClasses = 255;
  if (!logits.to() || !logits.map().device().is_cpu() || logits.size(1) > kMostClasses ||
      logits.map().scalar_type() == at::kDouble || options_.label_smoothing > 0)
    return Sum(logits.Values(), label);
  options_.Check(static_cast<int>(logits.size(1)));
  return EnlargedCrossEntropy(logits, label, options_.class_weights);
}

at::Tensor CrossEntropy::Divisor(const at::Tensor& label) const {
  if (options_.reduction == "sum") return at::ones({}, label.options().dtype(at::kDouble));
  return WeightOfCounted(label, options_.class_weights);
}

}  // namespace seglab
