#include "losses/cross_entropy.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "losses/enlarged_cross_entropy.h"

namespace seglab {

CrossEntropyOptions CrossEntropyOptions::FromJson(JsonReader& reader, int classes) {
  CrossEntropyOptions options;
  reader.GetChoice("reduction", options.reduction, {"mean", "sum"});
  reader.Get("class_weights", options.class_weights);
  options.Check(classes, reader.path());
  return options;
}

void CrossEntropyOptions::Check(int classes, const std::string& path) const {
  const std::string where = path + ".";
  if (reduction != "mean" && reduction != "sum")
    throw Error(where, "reduction: must be \"mean\" or \"sum\", found \"", reduction, "\"");
  if (class_weights.empty()) return;
  if (classes > 0 && static_cast<int>(class_weights.size()) != classes) {
    throw Error(where, "class_weights: ", class_weights.size(), " weights for ", classes,
                " classes; give one for each class");
  }
  for (double weight : class_weights) {
    if (!std::isfinite(weight) || weight < 0)
      throw Error(where, "class_weights: ", weight, " is no weight; give numbers of 0 or more");
  }
  if (*std::max_element(class_weights.begin(), class_weights.end()) == 0)
    throw Error(where, "class_weights: all are 0, so nothing would be learned; give one above 0");
}

CrossEntropy::CrossEntropy(CrossEntropyOptions options) : options_(std::move(options)) {
  options_.Check(0);
}

at::Tensor CrossEntropy::Sum(const at::Tensor& logits, const at::Tensor& label) const {
  options_.Check(static_cast<int>(logits.size(1)));
  const at::Tensor wide = logits.scalar_type() == at::kDouble ? logits : logits.to(at::kFloat);
  at::Tensor weights;
  if (!options_.class_weights.empty())
    weights = torch::tensor(options_.class_weights, wide.options());
  return at::nll_loss_nd(at::log_softmax(wide, 1), label.to(at::kLong), weights, at::Reduction::Sum,
                         kVoidCell);
}

at::Tensor CrossEntropy::Sum(const Enlarged& logits, const at::Tensor& label) const {
  constexpr int64_t kMostClasses = 255;
  if (!logits.to() || !logits.map().device().is_cpu() || logits.size(1) > kMostClasses ||
      logits.map().scalar_type() == at::kDouble)
    return Sum(logits.Values(), label);
  options_.Check(static_cast<int>(logits.size(1)));
  return EnlargedCrossEntropy(logits, label, options_.class_weights);
}

at::Tensor CrossEntropy::Divisor(const at::Tensor& label) const {
  const at::TensorOptions wide = label.options().dtype(at::kDouble);
  if (options_.reduction == "sum") return at::ones({}, wide);
  const at::Tensor counted = label.ne(kVoidCell);
  if (options_.class_weights.empty()) return counted.sum().to(at::kDouble);
  const at::Tensor weights = torch::tensor(options_.class_weights, wide);
  const at::Tensor classes = label.to(at::kLong).masked_select(counted);
  return weights.index_select(0, classes).sum();
}

}  // namespace seglab
