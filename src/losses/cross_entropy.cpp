#include "losses/cross_entropy.h"

#include <torch/torch.h>

#include "base/error.h"

namespace seglab {
namespace {

constexpr int64_t kIgnore = 255;

}  // namespace

CrossEntropyOptions CrossEntropyOptions::FromJson(const Json& json, const std::string& path) {
  CrossEntropyOptions options;
  JsonReader reader(json, path);
  reader.GetChoice("reduction", options.reduction, {"mean", "sum"});
  reader.Get("class_weights", options.class_weights);
  reader.Finish();
  return options;
}

at::Tensor CrossEntropy(const at::Tensor& logits, const at::Tensor& label,
                        const CrossEntropyOptions& options) {
  const at::Tensor wide = logits.scalar_type() == at::kDouble ? logits : logits.to(at::kFloat);
  at::Tensor weights;
  if (!options.class_weights.empty()) {
    if (static_cast<int64_t>(options.class_weights.size()) != logits.size(1)) {
      throw Error("loss.class_weights: ", options.class_weights.size(), " weights for ",
                  logits.size(1), " classes; give one for each class");
    }
    weights = torch::tensor(options.class_weights, wide.options());
  }
  const at::Tensor target = label.to(at::kLong);
  const at::Tensor log_p = at::log_softmax(wide, 1);
  const at::Tensor sum = at::nll_loss_nd(log_p, target, weights, at::Reduction::Sum, kIgnore);
  if (options.reduction == "sum") return sum;
  // An image that is all void divides 0 by 0 in LibTorch's own mean.
  const at::Tensor counted = target.ne(kIgnore);
  at::Tensor total;
  if (weights.defined()) {
    total = weights.index_select(0, target.masked_select(counted)).sum();
  } else {
    total = counted.sum().to(wide.scalar_type());
  }
  return sum / total.clamp_min(1e-12);
}

}  // namespace seglab
